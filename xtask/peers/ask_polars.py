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


def step_frames(question):
    start, end, window = question["start"], question["end"], question["window"]
    first = filtered(of_type(question["steps"][0], start, end), question)
    steps = [
        first.group_by("user").agg(pl.col("order").min().alias("o"), pl.col("day").min().alias("d"))
    ]
    for kind in question["steps"][1:]:
        later = of_type(kind, start, end - 1 + window).select("user", "order", "day")
        joined = later.join(steps[-1], on="user").filter(
            (pl.col("order") > pl.col("o")) & (pl.col("day") < pl.col("d") + window)
        )
        steps.append(
            joined.group_by("user").agg(pl.col("order").min().alias("o"), pl.col("d").first())
        )
    return steps


def funnel_by_joins(question, engine):
    def ask():
        counts = [step.select(pl.len()) for step in step_frames(question)]
        return [found.item() for found in pl.collect_all(counts, engine=engine)]

    return ask


def funnel_step_by_step(question, engine):
    """Each step collected before the next one begins."""

    def ask():
        start, end, window = question["start"], question["end"], question["window"]
        first = filtered(of_type(question["steps"][0], start, end), question)
        reached = first.group_by("user").agg(
            pl.col("order").min().alias("o"), pl.col("day").min().alias("d")
        ).collect(engine=engine)
        counts = [reached.height]
        for kind in question["steps"][1:]:
            later = of_type(kind, start, end - 1 + window).select("user", "order", "day")
            joined = later.join(reached.lazy(), on="user").filter(
                (pl.col("order") > pl.col("o")) & (pl.col("day") < pl.col("d") + window)
            )
            reached = joined.group_by("user").agg(
                pl.col("order").min().alias("o"), pl.col("d").first()
            ).collect(engine=engine)
            counts.append(reached.height)
        return counts

    return ask


def cohort_by_joins(question, engine):
    start, end, columns = question["start"], question["end"], question["columns"]

    def ask():
        row = filtered(of_type(question["row"], start, end), question)
        row = row.select("user", "day").unique()
        column = of_type(question["column"], start, end + columns - 1).select("user", "day").unique()
        joined = row.join(column, on="user", suffix="_column").filter(
            (pl.col("day_column") >= pl.col("day")) & (pl.col("day_column") < pl.col("day") + columns)
        )
        sizes, cells = pl.collect_all(
            [row.group_by("day").len(), joined.group_by("day", "day_column").len()], engine=engine
        )
        sizes = {day - start: n for day, n in sizes.iter_rows()}
        cells = {(day - start, other - day): n for day, other, n in cells.iter_rows()}
        return common.cohort_rows(question, sizes, cells)

    return ask


def cohort_by_day(question, engine):
    """Distinct users of each day, and a semi-join for each cell."""
    start, end, columns = question["start"], question["end"], question["columns"]

    def ask():
        def days(frame, first, end):
            return {
                day: frame.filter(pl.col("day") == day).select("user").unique()
                for day in range(first, end)
            }

        rows = days(filtered(slices[question["row"]].lazy(), question), start, end)
        others = days(slices[question["column"]].lazy(), start, end + columns - 1)
        rows = dict(zip(rows, pl.collect_all(list(rows.values()), engine=engine)))
        others = dict(zip(others, pl.collect_all(list(others.values()), engine=engine)))
        cells = [
            rows[day].lazy().join(others[day + after].lazy(), on="user", how="semi").select(pl.len())
            for day in rows for after in range(columns)
        ]
        counts = iter(found.item() for found in pl.collect_all(cells, engine=engine))
        return [[rows[day].height] + [next(counts) for _ in range(columns)] for day in rows]

    return ask


for question in asked:
    plans = {}
    for engine in ["in-memory", "streaming"]:
        if question["kind"] == "funnel":
            plans[f"lazy joins, {engine}"] = funnel_by_joins(question, engine)
            plans[f"join by join, {engine}"] = funnel_step_by_step(question, engine)
        else:
            plans[f"lazy join, {engine}"] = cohort_by_joins(question, engine)
            plans[f"semi-joins by day, {engine}"] = cohort_by_day(question, engine)
    common.measure(question, plans, runs)
