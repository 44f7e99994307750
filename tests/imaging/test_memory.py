import numpy as np

from simulator.imaging.memory import Memory
from simulator.world.arm import Pose


def counted(memory, made):
    def ask(step, *inputs):
        def make():
            made.append((step, *inputs))
            return object()

        return memory.once(step, inputs, make)

    return ask


def test_a_step_is_made_again_only_for_new_inputs():
    made = []
    ask = counted(Memory(), made)
    field = np.zeros(3)
    first = ask("a", field, 1.5)
    assert ask("a", field, 1.5) is first
    assert ask("b", field, 1.5) is not first
    assert ask("a", field, 1.6) is not first
    # Arrays are the same only if they are one: to compare them would cost what is to be saved.
    assert ask("a", np.zeros(3), 1.5) is not first
    assert len(made) == 4


def test_an_input_more_or_of_another_kind_is_new():
    made = []
    ask = counted(Memory(), made)
    for inputs in ((1,), (1, 2), (1.0,), ((1,),)):
        ask("a", *inputs)
    assert len(made) == 4


def test_two_in_turn_are_both_kept_and_a_third_puts_out_the_older():
    made = []
    ask = counted(Memory(), made)
    for k in (1, 2, 1, 2, 1):
        ask("a", k)
    assert len(made) == 2
    ask("a", 3)
    ask("a", 1)
    assert len(made) == 3
    ask("a", 2)
    assert len(made) == 4


def test_equal_values_become_one_object():
    memory = Memory()
    a, b = memory.one(Pose(3.0)), memory.one(Pose(3.0))
    assert a is b
    assert memory.one(Pose(4.0)) == Pose(4.0)
    for k in range(200):
        memory.one(Pose(float(k)))
    assert memory.one(Pose(3.0)) is not a  # long ago; nothing grows without end
