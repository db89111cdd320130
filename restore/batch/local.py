"""The local engine: worker processes on this machine."""

from __future__ import annotations

from multiprocessing.connection import wait

from restore.batch.crew import Crew
from restore.batch.feed import Feed, InputRead
from restore.batch.run import Run
from restore.readers import Failure

__all__ = ["run_local"]

_LOOK = 0.5  # seconds after which Ctrl-C is noticed at the latest


def run_local(run: Run, jobs: int) -> None:
    """Read, restore and write with ``jobs`` worker processes and one that reads."""
    crew = Crew(run.plan, jobs, run.store.outputs)
    feed = Feed(run.plan, run.store.inputs())
    try:
        while True:
            _take_in(run, feed, crew)
            if (feed.ended or run.stopping) and not crew.busy:
                return
            waitables = crew.waitables
            if feed.pipe is not None and crew.room and not run.stopping:
                waitables.append(feed.pipe)
            wait(waitables, crew.timeout(_LOOK))
            for outcome in crew.collect():
                run.outcome(outcome)
            run.events(crew.events)
    finally:
        feed.close()
        crew.close()


def _take_in(run: Run, feed: Feed, crew: Crew) -> None:
    """Give workers what there is to do, as long as they take it and there is something at hand."""
    while crew.room and not feed.ended and not run.stopping:
        got = feed.poll()
        run.progress(feed.bytes_read)
        if got is None:
            if feed.pipe is None or not feed.pipe.poll():
                return
        elif isinstance(got, InputRead):
            run.store.input_read(got.input.name)
        elif isinstance(got, Failure):
            run.fail(got)
        else:
            task = run.take(*got)
            if task is not None:
                crew.submit(task)
