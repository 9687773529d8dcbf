"""What the scripts of the other engines share: the events, the questions, the clock.

A script is started with the folder of a set. It loads the events, asks every question by every plan it
knows, and prints a line of JSON for each: {"name", "plan", "min_ms", "median_ms", "answer"}. The name
of a plan that is right only because the table is sorted begins with "neighbours".
"""

import json
import os
import statistics
import sys
import time

THREADS = 2
WARM_UP_RUNS = 2
# A plan that is so much slower than the best one so far is not run to the end: warm, and from the start.
HOPELESS = 2.0
HOPELESS_COLD = 4.0

COLUMNS = {
    "type": "u1", "user": "<u4", "day": "<u2", "order": "<u4", "p1": "u1", "p2": "u1", "p3": "<u2",
}


def folder():
    return sys.argv[1]


def questions():
    """The questions, and how often each is asked."""
    with open(os.path.join(folder(), "questions.json")) as file:
        listed = json.load(file)
    return listed["questions"], listed["runs"]


def sorted_parquet():
    """The file of the events sorted by (type, day, user), made when it is not there."""
    path = os.path.join(folder(), "sorted.parquet")
    if os.path.exists(path):
        return path
    import numpy
    import pyarrow
    import pyarrow.parquet

    columns = {}
    for name, kind in COLUMNS.items():
        file = os.path.join(folder(), f"{name}.u{numpy.dtype(kind).itemsize * 8}")
        columns[name] = numpy.fromfile(file, dtype=kind)
    key = columns["type"].astype("u8") << 48 | columns["day"].astype("u8") << 32 | columns["user"]
    places = numpy.argsort(key, kind="stable")
    table = pyarrow.table({name: column[places] for name, column in columns.items()})
    pyarrow.parquet.write_table(table, path + ".part", compression="lz4")
    os.rename(path + ".part", path)
    return path


def say(line):
    print(json.dumps(line), flush=True)


def measure(question, plans, runs):
    """Asks a question by each plan, a function that returns the answer."""
    best = float("inf")
    for plan, ask in plans.items():
        answer, times = None, []
        for run in range(WARM_UP_RUNS + runs):
            begin = time.perf_counter()
            answer = ask()
            elapsed = (time.perf_counter() - begin) * 1e3
            if run >= WARM_UP_RUNS or elapsed > HOPELESS_COLD * best:
                times.append(elapsed)
                if min(times) > HOPELESS * best:
                    break
        best = min(best, min(times))
        say({
            "name": question["name"], "plan": plan, "min_ms": min(times),
            "median_ms": statistics.median(times), "answer": answer,
        })


def cohort_rows(question, sizes, cells):
    """Rows of [size, column 0, ...] from {row: size} and {(row, column): count}."""
    rows = range(question["end"] - question["start"])
    columns = range(question["columns"])
    return [[sizes.get(row, 0)] + [cells.get((row, column), 0) for column in columns] for row in rows]
