//! The chart: throughput above, latency below, over the number of connections.
//!
//! All axes are logarithmic. The curves carry their names at their right ends, and the background is
//! white, so that the chart reads the same on a dark page.

use super::report::{Point, Report};
use super::requests::Load;
use crate::figures::grouped;
use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::ops::Range;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Panel<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Axis, Axis>>;

/// Pixels, of which a page of documentation shows about as many.
const SIZE: (u32, u32) = (940, 920);
const LEFT: u32 = 64;
const RIGHT: u32 = 212;
const TOP: u32 = 72;
const BOTTOM: u32 = 44;
const LABEL_HEIGHT: i32 = 18;
/// Room on both sides of the data, in powers of two and of ten.
const X_ROOM: f64 = 0.25;
const Y_ROOM: f64 = 0.12;
/// Axes that span fewer powers of ten than this are marked at 2 and 5 too.
const DECADES_FEW: f64 = 2.2;

const INK: RGBColor = RGBColor(31, 41, 55);
const PALE: RGBColor = RGBColor(107, 114, 128);
const GRID: RGBColor = RGBColor(229, 231, 235);
const BLUE: RGBColor = RGBColor(29, 95, 191);
const ORANGE: RGBColor = RGBColor(194, 88, 10);

/// A curve with the text at its end.
struct Curve {
    /// Connections and a figure.
    points: Vec<(f64, f64)>,
    label: String,
    style: ShapeStyle,
    is_dashed: bool,
}

/// A logarithmic axis: powers of two or of ten, and which of them are marked.
struct Axis {
    powers: Range<f64>,
    marks: Vec<f64>,
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, power: &f64, (begin, end): (i32, i32)) -> i32 {
        let part = (power - self.powers.start) / (self.powers.end - self.powers.start);
        begin + (f64::from(end - begin) * part).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.marks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.powers.clone()
    }
}

/// The chart as SVG.
///
/// # Errors
/// When nothing was measured.
pub(super) fn drawn(report: &Report) -> Result<String> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let draw = || -> Result<(), Box<dyn std::error::Error>> {
            root.fill(&WHITE)?;
            let (upper, lower) = root.split_vertically(SIZE.1 / 2);
            let about = format!("client on the same machine: {}", report.machine());
            panel(
                &root,
                &upper,
                ["Throughput: events or requests a second", &about],
                &throughput(report),
            )?;
            let about =
                "half of the requests (p50), 99 % and 99.9 % of them took at most this long";
            panel(&root, &lower, ["Latency in milliseconds", about], &latency(report))?;
            root.present()?;
            Ok(())
        };
        draw().map_err(|error| anyhow!("cannot draw the chart: {error}"))?;
    }
    Ok(svg)
}

fn throughput(report: &Report) -> Vec<Curve> {
    let curve = |load: Load, unit: &str| {
        let last = report.of(load).last().map_or(0.0, Point::rate);
        Curve {
            points: over_connections(report, load, Point::rate),
            label: format!("{} {unit}", grouped(last as u64)),
            style: color(load).stroke_width(3),
            is_dashed: load == Load::Nothing,
        }
    };
    vec![
        curve(Load::Batch, "events in batches"),
        curve(Load::Single, "single events"),
        curve(Load::Nothing, "requests to /health"),
    ]
}

fn latency(report: &Report) -> Vec<Curve> {
    // The tail is drawn thinner and paler than the median, and below it.
    let lines = [(99.9, "p99.9", 0.45, 1), (99.0, "p99", 0.7, 2), (50.0, "p50", 1.0, 3)];
    let loads = [(Load::Batch, "batches"), (Load::Single, "single")];
    let pairs = loads.iter().flat_map(|load| lines.iter().map(move |line| (load, line)));
    pairs
        .map(|(&(load, name), &(percentile, rank, strength, width))| {
            let last = report.of(load).last().map_or(0.0, |point| point.latency_ms(percentile));
            Curve {
                points: over_connections(report, load, |point| point.latency_ms(percentile)),
                label: format!("{name} {rank}: {}", milliseconds(last)),
                style: color(load).mix(strength).stroke_width(width),
                is_dashed: false,
            }
        })
        .collect()
}

fn over_connections(report: &Report, load: Load, of: impl Fn(&Point) -> f64) -> Vec<(f64, f64)> {
    report.of(load).map(|point| (point.plan.connections as f64, of(point))).collect()
}

fn color(load: Load) -> RGBColor {
    match load {
        Load::Nothing => PALE,
        Load::Single => BLUE,
        Load::Batch => ORANGE,
    }
}

/// Draws one half of the chart. Curves lie above those before them.
fn panel<'a>(
    root: &Area<'a>,
    area: &Area<'a>,
    [title, about]: [&str; 2],
    curves: &[Curve],
) -> Result<(), Box<dyn std::error::Error>> {
    area.draw(&Text::new(title, (LEFT as i32, 24), heading()))?;
    area.draw(&Text::new(about, (LEFT as i32, 48), text(14, PALE)))?;
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let (x_axis, y_axis) =
        (connections(points().map(|point| point.0)), scale(points().map(|point| point.1)));
    let mut chart = ChartBuilder::on(area)
        .margin_top(TOP)
        .margin_right(RIGHT)
        .x_label_area_size(BOTTOM)
        .y_label_area_size(LEFT)
        .build_cartesian_2d(x_axis, y_axis)?;
    chart
        .configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(PALE)
        .label_style(text(14, INK))
        .x_desc("connections")
        .axis_desc_style(text(14, PALE))
        .x_label_formatter(&|power| format!("{:.0}", power.exp2()))
        .y_label_formatter(&|power| short(10_f64.powf(*power)))
        .draw()?;
    for curve in curves {
        let points = || curve.points.iter().map(|&(x, y)| (x.log2(), y.log10()));
        if curve.is_dashed {
            chart.draw_series(DashedLineSeries::new(points(), 7, 5, curve.style))?;
        } else {
            chart.draw_series(LineSeries::new(points(), curve.style))?;
        }
        let dot = curve.style.color.filled();
        chart.draw_series(points().map(|point| Circle::new(point, 3, dot)))?;
    }
    name_curves(root, &chart, curves)?;
    Ok(())
}

/// Writes each curve's name beside its last point, or as near as the other names allow.
fn name_curves<'a>(
    root: &Area<'a>,
    chart: &Panel<'_, 'a>,
    curves: &[Curve],
) -> Result<(), Box<dyn std::error::Error>> {
    let end = |curve: &Curve| {
        let &(x, y) = curve.points.last().ok_or("nothing was measured")?;
        Ok::<_, Box<dyn std::error::Error>>(chart.backend_coord(&(x.log2(), y.log10())))
    };
    let ends = curves.iter().map(end).collect::<Result<Vec<_>, _>>()?;
    let heights = spread(&ends.iter().map(|place| place.1).collect::<Vec<_>>());
    for ((curve, end), height) in curves.iter().zip(ends).zip(heights) {
        let begin = (end.0 + 26, height);
        // A name that had to give way is tied to its curve.
        let tie = [(end.0 + 6, end.1), (begin.0 - 4, height)];
        root.draw(&PathElement::new(tie, curve.style.color.stroke_width(1)))?;
        let opaque = RGBColor(curve.style.color.0, curve.style.color.1, curve.style.color.2);
        root.draw(&Text::new(curve.label.clone(), begin, text(14, opaque)))?;
    }
    Ok(())
}

/// Heights near those given, in the same order, with room for a line of text between any two.
fn spread(wanted: &[i32]) -> Vec<i32> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|&at| wanted[at]);
    let mut heights = wanted.to_vec();
    // Each round moves neighbours that are too close apart by as much, so that a heap of names stays
    // around its middle; the number of names bounds how far a shift travels.
    for _ in 0..wanted.len() * wanted.len() * LABEL_HEIGHT as usize {
        let mut is_done = true;
        for pair in order.windows(2) {
            let missing = LABEL_HEIGHT - (heights[pair[1]] - heights[pair[0]]);
            if missing > 0 {
                heights[pair[0]] -= missing / 2;
                heights[pair[1]] += missing - missing / 2;
                is_done = false;
            }
        }
        if is_done {
            break;
        }
    }
    heights
}

/// An axis of connections, marked where they were measured.
fn connections(values: impl Iterator<Item = f64>) -> Axis {
    let mut marks: Vec<f64> = values.map(f64::log2).collect();
    marks.sort_by(f64::total_cmp);
    marks.dedup();
    let (least, most) =
        (marks.first().copied().unwrap_or(0.0), marks.last().copied().unwrap_or(0.0));
    Axis { powers: least - X_ROOM..most + X_ROOM, marks }
}

/// An axis of figures, marked at powers of ten.
fn scale(values: impl Iterator<Item = f64>) -> Axis {
    let powers: Vec<f64> = values.map(f64::log10).collect();
    let least = powers.iter().copied().fold(f64::INFINITY, f64::min) - Y_ROOM;
    let most = powers.iter().copied().fold(f64::NEG_INFINITY, f64::max) + Y_ROOM;
    let steps: &[f64] = if most - least < DECADES_FEW { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let decades = least.floor() as i32..=most.ceil() as i32;
    let marks =
        decades.flat_map(|decade| steps.iter().map(move |step| f64::from(decade) + step.log10()));
    let marks = marks.filter(|mark| (least..=most).contains(mark)).collect::<Vec<_>>();
    Axis { powers: least..most, marks }
}

/// A mark of an axis.
fn short(value: f64) -> String {
    match value {
        _ if value >= 0.95e6 => format!("{}M", value.round() as u64 / 1_000_000),
        _ if value >= 0.95e4 => format!("{}k", value.round() as u64 / 1_000),
        _ if value >= 0.95 => grouped(value.round() as u64),
        _ => format!("{}", (value * 1e3).round() / 1e3),
    }
}

fn milliseconds(value: f64) -> String {
    if value < 10.0 {
        format!("{value:.2} ms")
    } else {
        format!("{} ms", grouped(value.round() as u64))
    }
}

fn text<'a>(size: u32, color: RGBColor) -> TextStyle<'a> {
    let middle_left = Pos::new(HPos::Left, VPos::Center);
    ("sans-serif", size).into_font().color(&color).pos(middle_left)
}

fn heading<'a>() -> TextStyle<'a> {
    TextStyle { font: ("sans-serif", 19, FontStyle::Bold).into_font(), ..text(19, INK) }
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::report;
    use super::*;

    #[test]
    fn the_chart_names_every_curve_and_marks_every_number_of_connections() {
        let svg = drawn(&report()).unwrap();
        for words in [
            "1,000,000 events in batches",
            "1,000 single events",
            "1,000 requests to /health",
            "batches p50: 10 ms",
            "single p99.9: 20 ms",
        ] {
            assert_eq!(svg.matches(words).count(), 1, "{words}");
        }
        for mark in ["\n256\n", "\n1\n", "\n100k\n"] {
            assert!(svg.contains(mark), "{mark:?} in {svg}");
        }
        assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
    }

    #[test]
    fn one_number_of_connections_can_be_drawn_and_none_is_an_error() {
        let mut report = report();
        report.points.retain(|point| point.plan.connections == 1);
        assert!(drawn(&report).is_ok());
        report.points.clear();
        assert!(drawn(&report).is_err());
    }

    #[test]
    fn names_that_would_overlap_are_moved_apart() {
        let check = |wanted: &[i32]| {
            let heights = spread(wanted);
            let mut pairs: Vec<_> = wanted.iter().zip(&heights).collect();
            pairs.sort();
            let gaps = pairs.windows(2).map(|pair| pair[1].1 - pair[0].1);
            assert!(gaps.into_iter().all(|gap| gap >= LABEL_HEIGHT), "{wanted:?}: {heights:?}");
            heights
        };
        assert_eq!(check(&[10, 100]), [10, 100]);
        assert!(check(&[]).is_empty());
        let heights = check(&[50, 50, 51, 49, 300, 50]);
        // Around the place where all want to be.
        assert!(heights.iter().all(|height| (0..100).contains(height) || *height == 300));
    }

    #[test]
    fn marks_are_short() {
        let check = |value, expected| assert_eq!(short(value), expected);
        check(0.1, "0.1");
        check(0.05, "0.05");
        check(1.0, "1");
        check(999.9999, "1,000");
        check(10_000.0, "10k");
        check(200_000.0, "200k");
        check(1e6, "1M");
    }
}
