"""The life of a billing request: what the table allows, and what it never allows."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import Conflict
from bot.core.lifecycle import ENDED, TRANSITIONS, WORDS, Event, State, advance, diagram, possible

ALL = list(itertools.product(State, Event))


def reachable(start: State) -> set[State]:
    found, todo = {start}, [start]
    while todo:
        new = set(TRANSITIONS[todo.pop()].values()) - found
        found |= new
        todo += new
    return found


def test_every_state_has_a_row() -> None:
    assert set(TRANSITIONS) == set(State)


def test_every_event_happens_somewhere() -> None:
    assert {event for row in TRANSITIONS.values() for event in row} == set(Event)


def test_every_state_can_be_reached_from_the_preview() -> None:
    assert reachable(State.PREVIEWED) == set(State)


@pytest.mark.parametrize("state", list(State))
def test_every_state_can_end(state: State) -> None:
    assert reachable(state) & ENDED


def test_the_ended_states_are_these() -> None:
    assert {
        State.DONE,
        State.FAILED,
        State.REJECTED,
        State.CANCELLED,
        State.EXPIRED,
        State.STALE,
    } == ENDED


@pytest.mark.parametrize(("state", "event"), ALL)
def test_advance_follows_the_table_or_is_a_conflict(state: State, event: Event) -> None:
    if possible(state, event):
        assert advance(state, event) is TRANSITIONS[state][event]
    else:
        with pytest.raises(Conflict, match=WORDS[state]):
            advance(state, event)


@pytest.mark.parametrize("event", [Event.CANCEL, Event.REJECT, Event.EXPIRE, Event.DRIFT])
@pytest.mark.parametrize("state", [State.EXECUTING, State.SETTLING, State.UNCERTAIN])
def test_nobody_can_call_back_what_has_left(state: State, event: Event) -> None:
    assert not possible(state, event)


def test_only_an_approved_request_starts() -> None:
    assert [state for state in State if possible(state, Event.START)] == [State.APPROVED]


def test_only_a_running_one_can_be_lost_and_a_lost_one_never_starts_again() -> None:
    assert [state for state in State if possible(state, Event.LOSE)] == [State.EXECUTING, State.SETTLING]
    assert reachable(State.UNCERTAIN) == {State.UNCERTAIN, State.SETTLING, State.DONE, State.FAILED}


@given(st.lists(st.sampled_from(Event), max_size=20))
def test_an_end_is_final_and_done_needs_a_start(events: list[Event]) -> None:
    state, happened = State.PREVIEWED, []
    for event in events:
        if possible(state, event):
            assert state not in ENDED
            state = advance(state, event)
            happened.append(event)
    if state is State.DONE:
        assert Event.START in happened
        assert {Event.WAIVE, Event.COMPLETE} & set(happened)


def test_the_diagram_shows_every_transition_and_every_end() -> None:
    lines = diagram().splitlines()
    assert lines[:2] == ["stateDiagram-v2", "    [*] --> previewed"]
    assert len(lines) == 2 + sum(map(len, TRANSITIONS.values())) + len(ENDED)
    assert "    approved --> executing: start" in lines
    assert "    done --> [*]" in lines
