"""ClickHouse in process (chdb): a MergeTree table ordered by (type, day, user); funnels by array
functions of each user's events or by a join for each step, cohorts by bitmaps."""

import json

from chdb import session

import common

connection = session.Session()
connection.query("CREATE DATABASE bench ENGINE = Atomic")
connection.query(
    """CREATE TABLE bench.events (type UInt8, user UInt32, day UInt16, "order" UInt32, p1 UInt8,
    p2 UInt8, p3 UInt16) ENGINE = MergeTree ORDER BY (type, day, user)"""
)
connection.query(
    f"""INSERT INTO bench.events SELECT type, user, day, "order", p1, p2, p3
    FROM file('{common.sorted_parquet()}', Parquet) SETTINGS max_insert_threads = {common.THREADS}"""
)
connection.query("OPTIMIZE TABLE bench.events FINAL")
common.say({"version": str(connection.query("SELECT version()")).strip().strip('"')})


def rows(sql):
    text = str(connection.query(f"{sql} SETTINGS max_threads = {common.THREADS}", "JSONCompactEachRow"))
    return [json.loads(line) for line in text.splitlines()]


def number(value):
    return int(value)


def filtered(question):
    return "" if question["one"] is None else f"AND p1 = {question['one']}"


def within(question, step):
    last = question["end"] if step == 0 else question["end"] - 1 + question["window"]
    extra = filtered(question) if step == 0 else ""
    return f"(type = {question['steps'][step]} AND day >= {question['start']} AND day < {last} {extra})"


def funnel_by_joins(question):
    """A join for each step, the users of the step before on the right side."""
    step = f"SELECT user, min(\"order\") AS o, min(day) AS d FROM bench.events WHERE {within(question, 0)} GROUP BY user"
    steps = [step]
    for place in (1, 2):
        steps.append(
            f"""SELECT e.user AS user, min(e."order") AS o, any(s.d) AS d
            FROM (SELECT user, "order", day FROM bench.events WHERE {within(question, place)}) AS e
            INNER JOIN ({steps[-1]}) AS s ON e.user = s.user
            WHERE e."order" > s.o AND e.day < s.d + {question["window"]} GROUP BY user"""
        )
    sql = f"""SELECT (SELECT count() FROM ({steps[0]})), (SELECT count() FROM ({steps[1]})),
        (SELECT count() FROM ({steps[2]}))"""
    return lambda: [number(n) for n in rows(sql)[0]]


def funnel_by_left_joins(question):
    """One chain of joins from the first step on; each table is read once."""
    window = question["window"]
    first = f"SELECT user, min(\"order\") AS o0, min(day) AS d FROM bench.events WHERE {within(question, 0)} GROUP BY user"
    arrays = [
        f"""SELECT user, groupArray(toUInt64(day) * 4294967296 + "order") AS a{place}
        FROM bench.events WHERE {within(question, place)} GROUP BY user"""
        for place in (1, 2)
    ]
    sql = f"""SELECT count(), countIf(k1 != 0), countIf(k2 != 0) FROM (
        SELECT (toUInt64(s.d) + {window}) * 4294967296 AS limit, toUInt64(s.d) * 4294967296 + s.o0 AS k0,
        arrayMin(arrayFilter(k -> (k % 4294967296) > s.o0 AND k < limit, a1)) AS k1,
        if(k1 = 0, 0, arrayMin(arrayFilter(k -> k > k1 AND k < limit, a2))) AS k2
        FROM ({first}) AS s LEFT JOIN ({arrays[0]}) AS x ON s.user = x.user
        LEFT JOIN ({arrays[1]}) AS y ON s.user = y.user)"""
    return lambda: [number(n) for n in rows(sql)[0]]


def funnel_by_arrays(question):
    """All that a user did in one array for each step; a key is day and order in one number."""
    window = question["window"]
    any_step = " OR ".join(within(question, step) for step in range(3))
    key = 'toUInt64(day) * 4294967296 + "order"'
    sql = f"""SELECT count(), countIf(k1 != 0), countIf(k2 != 0) FROM (
        SELECT user, minIf({key}, type = {question["steps"][0]} AND day < {question["end"]}) AS k0,
        (intDiv(k0, 4294967296) + {window}) * 4294967296 AS limit,
        groupArrayIf({key}, type = {question["steps"][1]}) AS a1,
        groupArrayIf({key}, type = {question["steps"][2]}) AS a2,
        arrayMin(arrayFilter(k -> k > k0 AND k < limit, a1)) AS k1,
        if(k1 = 0, 0, arrayMin(arrayFilter(k -> k > k1 AND k < limit, a2))) AS k2
        FROM bench.events WHERE {any_step} GROUP BY user
        HAVING countIf(type = {question["steps"][0]}) > 0)"""
    return lambda: [number(n) for n in rows(sql)[0]]


def bitmaps(kind, start, end, extra=""):
    return f"""SELECT toUInt32(day) AS day, groupBitmapState(user) AS b FROM bench.events
        WHERE type = {kind} AND day >= {start} AND day < {end} {extra} GROUP BY day"""


def cohort_by_bitmaps(question):
    start, end, columns = question["start"], question["end"], question["columns"]
    row = bitmaps(question["row"], start, end, filtered(question))
    column = bitmaps(question["column"], start, end + columns - 1)
    cells_sql = f"""SELECT r.day - {start}, c.day - r.day, bitmapCardinality(r.b),
        bitmapAndCardinality(r.b, c.b) FROM ({row}) AS r CROSS JOIN ({column}) AS c
        WHERE c.day >= r.day AND c.day < r.day + {columns}"""

    def ask():
        sizes, cells = {}, {}
        for day, after, size, both in rows(cells_sql):
            sizes[number(day)] = number(size)
            cells[(number(day), number(after))] = number(both)
        return common.cohort_rows(question, sizes, cells)

    return ask


asked, runs = common.questions()
for question in asked:
    if question["kind"] == "funnel":
        plans = {
            "arrays": funnel_by_arrays(question),
            "joins of arrays": funnel_by_left_joins(question),
            "a join a step": funnel_by_joins(question),
        }
    else:
        plans = {"bitmaps": cohort_by_bitmaps(question)}
    common.measure(question, plans, runs)
