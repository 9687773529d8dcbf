"""polars: a sorted frame in memory, a slice of it for each type; funnels and cohorts by lazy joins."""

import os

import common

os.environ["POLARS_MAX_THREADS"] = str(common.THREADS)

import polars as pl  # noqa: E402  (the number of threads is read when it is loaded)

events = pl.read_parquet(common.sorted_parquet()).rechunk()
common.say({"version": pl.__version__})
# The frame is sorted by type, so a type is a slice that costs nothing to take.
slices = {}
at = 0
for kind, rows in sorted(events.group_by("type").len().iter_rows()):
    slices[kind] = events.slice(at, rows).drop("type")
    at += rows
asked, runs = common.questions()


def of_type(kind, start, end):
    return slices[kind].lazy().filter((pl.col("day") >= start) & (pl.col("day") < end))


def filtered(frame, question):
    return frame if question["one"] is None else frame.filter(pl.col("p1") == question["one"])


def first_step(question):
    events = of_type(question["steps"][0], question["start"], question["end"])
    grouped = filtered(events, question).group_by("user")
    return grouped.agg(pl.col("order").min().alias("o"), pl.col("day").min().alias("d"))


def later_step(question, kind, reached):
    window = question["window"]
    later = of_type(kind, question["start"], question["end"] - 1 + window)
    joined = reached.join(later.select("user", "order", "day"), on="user").filter(
        (pl.col("order") > pl.col("o")) & (pl.col("day") < pl.col("d") + window)
    )
    return joined.group_by("user").agg(pl.col("order").min().alias("o"), pl.col("d").first())


def funnel_at_once(question, engine):
    """One plan, whose common parts the engine is to find."""

    def ask():
        steps = [first_step(question)]
        for kind in question["steps"][1:]:
            steps.append(later_step(question, kind, steps[-1]))
        counts = pl.collect_all([step.select(pl.len()) for step in steps], engine=engine)
        return [count.item() for count in counts]

    return ask


def funnel_by_steps(question, engine):
    """Each step collected before the next one begins."""

    def ask():
        reached = first_step(question).collect(engine=engine)
        counts = [reached.height]
        for kind in question["steps"][1:]:
            reached = later_step(question, kind, reached.lazy()).collect(engine=engine)
            counts.append(reached.height)
        return counts

    return ask


def distinct(frame):
    return frame.select("user", "day").unique()


def distinct_in_order(frame):
    """The frame is sorted by day and user, so equal rows are neighbours, which no query says."""
    same_day = pl.col("day") == pl.col("day").shift(fill_value=65535)
    same_user = pl.col("user") == pl.col("user").shift(fill_value=0)
    return frame.select("user", "day").filter(~(same_day & same_user))


def cohort(question, engine, distinct):
    start, end, columns = question["start"], question["end"], question["columns"]

    def ask():
        row = distinct(filtered(of_type(question["row"], start, end), question))
        column = distinct(of_type(question["column"], start, end + columns - 1))
        joined = column.rename({"day": "other"}).join(row, on="user").filter(
            (pl.col("other") >= pl.col("day")) & (pl.col("other") < pl.col("day") + columns)
        )
        sizes, cells = pl.collect_all(
            [row.group_by("day").len(), joined.group_by("day", "other").len()], engine=engine
        )
        sizes = {day - start: n for day, n in sizes.iter_rows()}
        cells = {(day - start, other - day): n for day, other, n in cells.iter_rows()}
        return common.cohort_rows(question, sizes, cells)

    return ask


for question in asked:
    plans = {}
    for engine in ["streaming", "in-memory"]:
        if question["kind"] == "funnel":
            plans[f"joins, {engine}"] = funnel_by_steps(question, engine)
            plans[f"joins at once, {engine}"] = funnel_at_once(question, engine)
        else:
            plans[f"join, {engine}"] = cohort(question, engine, distinct)
            plans[f"neighbours, join, {engine}"] = cohort(question, engine, distinct_in_order)
    common.measure(question, plans, runs)
