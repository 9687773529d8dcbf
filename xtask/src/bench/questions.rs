//! The questions that are measured, in the forms in which the server, the other engines and the naive
//! model are asked.

use super::random::mixed;
use super::sets::{Set, TYPES};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The property that a tenth of the users have.
pub(super) const PLAN: (&str, &str) = ("plan", "paid");

/// A question, with days counted from 2013-01-01.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) name: &'static str,
    /// What it asks, in a few words.
    pub(super) says: &'static str,
    pub(super) shape: Shape,
    /// The value of `event_property_1` on the first step or the row event.
    pub(super) one: Option<u8>,
    /// Only users with the property [`PLAN`].
    pub(super) paid_only: bool,
}

/// What is counted.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    /// Users that reached each step; the first within `start..end`, the others less than `window` days
    /// after its day.
    Funnel { steps: [u8; 3], start: u32, end: u32, window: u32 },
    /// Of the users with the row event in each day of `start..end`, who had the column event that day
    /// and in the days after it.
    Cohort { row: u8, column: u8, start: u32, end: u32, columns: u32 },
}

/// Q7 and Q7c: the name, the folder in which users were merged, and how many are one person.
pub(super) const MERGED: [(&str, &str, usize); 2] = [("q7", "pairs", 2), ("q7c", "chains", 5)];

const STEPS: [u8; 3] = [0, 1, 2];

/// Q1 to Q5 of a set.
pub(super) fn common(set: &Set) -> Vec<Question> {
    let funnel = Shape::Funnel { steps: STEPS, start: 0, end: 29, window: 30 };
    let cohort = Shape::Cohort { row: 0, column: 2, start: 0, end: 30, columns: 7 };
    let whole = Shape::Funnel { steps: STEPS, start: 0, end: set.days as u32, window: 7 };
    let new = |name, says, shape: &Shape, one| Question {
        name,
        says,
        shape: shape.clone(),
        one,
        paid_only: false,
    };
    vec![
        new("q1", "funnel of three steps, 29 days, 30 to complete", &funnel, None),
        new("q2", "q1, the first step filtered to a tenth", &funnel, Some(1)),
        new("q3", "cohort of 30 daily rows, 7 columns", &cohort, None),
        new("q4", "q3, the row event filtered to a tenth", &cohort, Some(1)),
        new("q5", "the funnel over the whole range, 7 days to complete", &whole, None),
    ]
}

/// Q1 under another name, where it is asked of users that were merged or of a longer history.
pub(super) fn first_as(set: &Set, name: &'static str, says: &'static str) -> Question {
    let first = common(set).swap_remove(0);
    Question { name, says, ..first }
}

/// Q6: Q1 of a tenth of the users.
pub(super) fn of_paid(set: &Set) -> Question {
    Question {
        paid_only: true,
        ..first_as(set, "q6", "q1 of the tenth of the users with a property")
    }
}

/// Whether a user has the property [`PLAN`]: one in ten has.
pub(super) fn is_paid(user: u32) -> bool {
    mixed(u64::from(user) + 11).is_multiple_of(10)
}

impl Question {
    /// Path and query of the established API.
    pub(super) fn target(&self) -> String {
        let mut target = match &self.shape {
            Shape::Funnel { steps, start, end, window } => {
                let mut target = format!("/events/funnel?start_date={}", date(*start));
                write!(target, "&end_date={}&num_days_to_complete_funnel={window}", date(*end))
                    .expect("a String takes all");
                for step in steps {
                    target.push_str("&funnel_steps[]=");
                    target.push_str(TYPES[*step as usize]);
                }
                target
            }
            Shape::Cohort { row, column, start, end, columns } => format!(
                "/events/cohort?start_date={}&end_date={}&row_event_type={}&column_event_type={}\
                 &num_days_per_row=1&num_columns={columns}",
                date(*start),
                date(end - 1),
                TYPES[*row as usize],
                TYPES[*column as usize]
            ),
        };
        if let Some(one) = self.one {
            let [key, value] = match self.shape {
                Shape::Funnel { .. } => ["efk0", "efv0"],
                Shape::Cohort { .. } => ["refk", "refv"],
            };
            write!(target, "&{key}[]=event_property_1&{value}[]={one}")
                .expect("a String takes all");
        }
        if self.paid_only {
            write!(target, "&ufk[]={}&ufv[]={}", PLAN.0, PLAN.1).expect("a String takes all");
        }
        target
    }

    /// The question as the other engines' scripts read it.
    pub(super) fn json(&self) -> Value {
        let mut question = match &self.shape {
            Shape::Funnel { steps, start, end, window } => {
                json!({"kind": "funnel", "steps": steps, "start": start, "end": end, "window": window})
            }
            Shape::Cohort { row, column, start, end, columns } => {
                json!({"kind": "cohort", "row": row, "column": column, "start": start, "end": end,
                       "columns": columns})
            }
        };
        question["name"] = self.name.into();
        question["one"] = self.one.into();
        question
    }

    /// The events that could count, given how many there are of each type and day: those of a step's
    /// type on a day on which it may happen. Filters are left out.
    pub(super) fn candidates(&self, by_type_and_day: &[Vec<u64>]) -> u64 {
        let within = |kind: u8, start: u32, end: u32| -> u64 {
            let days = &by_type_and_day[kind as usize];
            let at = |day: u32| days.len().min(day as usize);
            days[at(start)..at(end)].iter().sum()
        };
        match &self.shape {
            Shape::Funnel { steps: [first, second, third], start, end, window } => {
                let later = end - 1 + window;
                within(*first, *start, *end)
                    + within(*second, *start, later)
                    + within(*third, *start, later)
            }
            Shape::Cohort { row, column, start, end, columns } => {
                within(*row, *start, *end) + within(*column, *start, end + columns - 1)
            }
        }
    }
}

/// `YYYYMMDD` of a day of the year 2013, which all questions lie in.
fn date(day: u32) -> String {
    const MONTHS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let (mut month, mut left) = (0, day);
    while left >= MONTHS[month] {
        left -= MONTHS[month];
        month += 1;
    }
    format!("2013{:02}{:02}", month + 1, left + 1)
}

#[cfg(test)]
mod tests {
    use super::super::sets::SETS;
    use super::*;

    #[test]
    fn days_have_their_dates() {
        for (day, expected) in [
            (0, "20130101"),
            (29, "20130130"),
            (31, "20130201"),
            (59, "20130301"),
            (100, "20130411"),
        ] {
            assert_eq!(date(day), expected);
        }
    }

    #[test]
    fn questions_are_asked_in_the_established_dialect() {
        let questions = common(&SETS[2]);
        assert_eq!(
            questions[1].target(),
            "/events/funnel?start_date=20130101&end_date=20130130&num_days_to_complete_funnel=30\
             &funnel_steps[]=receive_email&funnel_steps[]=view_track_page&funnel_steps[]=start_track\
             &efk0[]=event_property_1&efv0[]=1"
        );
        assert_eq!(
            questions[3].target(),
            "/events/cohort?start_date=20130101&end_date=20130130&row_event_type=receive_email\
             &column_event_type=start_track&num_days_per_row=1&num_columns=7\
             &refk[]=event_property_1&refv[]=1"
        );
        assert!(questions[4].target().contains("&end_date=20130411&"));
        assert!(of_paid(&SETS[2]).target().ends_with("&ufk[]=plan&ufv[]=paid"));
    }

    #[test]
    fn candidates_are_those_of_the_steps_in_their_days() {
        let counts = vec![vec![1; 100], vec![10; 100], vec![100; 100], vec![1_000; 100]];
        let found: Vec<u64> =
            common(&SETS[2]).iter().map(|question| question.candidates(&counts)).collect();
        assert_eq!(found[0], 29 + 58 * 110);
        assert_eq!(found[2], 30 + 36 * 100);
        assert_eq!(found[4], 100 * 111);
    }

    #[test]
    fn one_user_in_ten_has_the_property() {
        let paid = (1..=100_000).filter(|user| is_paid(*user)).count();
        assert!((9_700..10_300).contains(&paid), "{paid}");
    }
}
