"""DuckDB: a table sorted by (type, day, user); funnels by a hash join for each step."""

import duckdb

import common

connection = duckdb.connect(":memory:")
connection.execute(f"SET threads = {common.THREADS}")
connection.execute("SET preserve_insertion_order = true")
connection.execute(f"CREATE TABLE events AS SELECT * FROM read_parquet('{common.sorted_parquet()}')")
common.say({"version": duckdb.__version__})


def filtered(question):
    return "" if question["one"] is None else f"AND p1 = {question['one']}"


def first_step(question):
    return f"""SELECT user, min("order") AS o, min(day) AS d FROM events
        WHERE type = {question["steps"][0]} AND day >= {question["start"]}
        AND day < {question["end"]} {filtered(question)} GROUP BY user"""


def later_step(question, step):
    last = question["end"] - 1 + question["window"]
    return f"""SELECT e.user, min(e."order") AS o, any_value(s.d) AS d
        FROM events e JOIN s{step - 1} s ON e.user = s.user
        WHERE e.type = {question["steps"][step]} AND e.day >= {question["start"]}
        AND e.day < {last} AND e."order" > s.o AND e.day < s.d + {question["window"]}
        GROUP BY e.user"""


def funnel_by_joins(question):
    steps = ", ".join(
        f"s{step} AS MATERIALIZED ({first_step(question) if step == 0 else later_step(question, step)})"
        for step in range(3)
    )
    counts = ", ".join(f"(SELECT count(*) FROM s{step})" for step in range(3))
    sql = f"WITH {steps} SELECT {counts}"
    return lambda: list(connection.execute(sql).fetchone())


def funnel_by_left_joins(question):
    """One chain of joins, each user's steps counted at its end."""
    sql = f"""WITH s0 AS ({first_step(question)}),
        s1 AS ({later_step(question, 1)}), s2 AS ({later_step(question, 2)})
        SELECT count(*), count(s1.o), count(s2.o) FROM s0
        LEFT JOIN s1 ON s0.user = s1.user LEFT JOIN s2 ON s0.user = s2.user"""
    return lambda: list(connection.execute(sql).fetchone())


def cohort_parts(question):
    start, end = question["start"], question["end"]
    row = f"""SELECT DISTINCT day, user FROM events WHERE type = {question["row"]}
        AND day >= {start} AND day < {end} {filtered(question)}"""
    column = f"""SELECT DISTINCT day, user FROM events WHERE type = {question["column"]}
        AND day >= {start} AND day < {end + question["columns"] - 1}"""
    return row, column


def cohort_by_joins(question):
    row, column = cohort_parts(question)
    start = question["start"]
    sizes_sql = f"SELECT day - {start}, count(*) FROM ({row}) GROUP BY day"
    cells_sql = f"""SELECT r.day - {start}, c.day - r.day, count(*)
        FROM ({row}) r JOIN ({column}) c ON r.user = c.user
        WHERE c.day >= r.day AND c.day < r.day + {question["columns"]} GROUP BY r.day, c.day"""

    def ask():
        sizes = dict(connection.execute(sizes_sql).fetchall())
        cells = {(row, column): n for row, column, n in connection.execute(cells_sql).fetchall()}
        return common.cohort_rows(question, sizes, cells)

    return ask


asked, runs = common.questions()
for question in asked:
    if question["kind"] == "funnel":
        plans = {
            "hash joins": funnel_by_joins(question),
            "hash joins, one chain": funnel_by_left_joins(question),
        }
    else:
        plans = {"hash join": cohort_by_joins(question)}
    common.measure(question, plans, runs)
