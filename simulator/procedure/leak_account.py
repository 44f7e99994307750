"""From when on a leak could be known.

Cement is watched in the lateral: what that shows counts at once, looked at or not. What stands out
from the front alone counts from the moment at which a look from the front is due: at every new
filler, and after as much cement as an ordinary filler holds. A picture that was taken and shows it
counts at once, whatever its view.
"""

from __future__ import annotations

from collections.abc import Iterable

from simulator.procedure.account import Account
from simulator.units import MM3_PER_ML, seconds
from simulator.world.cement import ROUTES, Route
from simulator.world.filling_events import CementLeaked
from simulator.world.state import State

BEHIND_THE_WALL = (Route.BASIVERTEBRAL, Route.CANAL, Route.FORAMEN)
"""Routes that end beside cord or root: the basivertebral vein opens into the canal."""
_AP_DUE_ML = 1.5
"""Of one bone filler, assets/instruments.toml. Design: leaks to the side need an AP view (Japanese
technique paper), and nobody turns the arm while he presses."""
_WAITING = "front_"
"""Begins the names of values that tell what a look from the front would show, mL."""


def leaked(state: State, account: Account, event: CementLeaked) -> None:
    """Take note of a report of a leak.

    A tail drawn out with the cannula is reported on the tract too: it tells nobody to stop.
    """
    if event.visible:
        _known(state, account, event.route)
        account.put(f"visible_{event.route}", event.volume_ml)
    elif event.visible_ap:
        account.put(f"{_WAITING}{event.route}", event.volume_ml)


def shown(state: State, account: Account, routes: Iterable[Route]) -> None:
    """Take note of what stood out in a picture that was taken."""
    for route in routes:
        _known(state, account, route)
        account.put(f"shown_{route}", state.cement.cloud.leak_ul[ROUTES.index(route)] / MM3_PER_ML)


def given(state: State, account: Account) -> None:
    """Ask for a look from the front after every so many millilitres."""
    if state.given_ml - account.get("ap_due_ml") >= _AP_DUE_ML:
        look_due(state, account)


def look_due(state: State, account: Account) -> None:
    """From now on what a look from the front shows could be known."""
    account.put("ap_due_ml", state.given_ml)
    for route in ROUTES:
        volume_ml = account.get(f"{_WAITING}{route}")
        if volume_ml > account.get(f"visible_{route}"):
            _known(state, account, route)
            account.put(f"visible_{route}", volume_ml)


def _known(state: State, account: Account, route: Route) -> None:
    account.once("leak_seen_s", seconds(state.tick))
    if route is not Route.TRACT:
        account.once("told_to_stop_s", seconds(state.tick))
    account.once("leak_seen_ml", all_leaked_ml(state))
    if route in BEHIND_THE_WALL:
        account.once("behind_seen_ml", behind_ml(state))


def all_leaked_ml(state: State) -> float:
    """Return the cement outside the bone, by any route, mL."""
    return sum(state.cement.cloud.leak_ul) / MM3_PER_ML


def behind_ml(state: State) -> float:
    """Return the cement behind the posterior wall or in a foramen, mL."""
    leak = state.cement.cloud.leak_ul
    return sum(leak[ROUTES.index(route)] for route in BEHIND_THE_WALL) / MM3_PER_ML
