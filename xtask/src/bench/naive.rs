//! The answers by a model that is too simple to be wrong: one pass over the events in their order.

use super::data::Columns;
use super::questions::{Question, Shape, is_paid};

/// The events of a set in order of (time, id), and who is whom.
pub(super) struct Model {
    columns: Columns,
    /// The places of the events in their order.
    places: Vec<u32>,
    users: usize,
}

impl Model {
    pub(super) fn new(columns: Columns) -> Self {
        let mut places = vec![0; columns.ranks.len()];
        for (place, rank) in columns.ranks.iter().enumerate() {
            places[*rank as usize] = place as u32;
        }
        let users = columns.users.iter().max().map_or(0, |user| *user as usize + 1);
        Self { columns, places, users }
    }

    /// How many events there are of each type and day.
    pub(super) fn by_type_and_day(&self) -> Vec<Vec<u64>> {
        let days = self.columns.days.iter().max().map_or(0, |day| *day as usize + 1);
        let mut counts = vec![vec![0; days]; super::sets::TYPES.len()];
        for (kind, day) in self.columns.kinds.iter().zip(&self.columns.days) {
            counts[*kind as usize][*day as usize] += 1;
        }
        counts
    }

    /// The answer as the established API writes it. `groups` are the users that are one person each.
    pub(super) fn answer(&self, question: &Question, groups: &[Vec<u32>]) -> String {
        let ids = groups.iter().flatten().map(|user| *user as usize + 1).max().unwrap_or(0);
        let mut persons: Vec<u32> = (0..self.users.max(ids) as u32).collect();
        for group in groups {
            group.iter().for_each(|user| persons[*user as usize] = group[0]);
        }
        match question.shape {
            Shape::Funnel { steps, start, end, window } => {
                format!("{:?}", self.funnel(question, &persons, &steps, [start, end, window]))
            }
            Shape::Cohort { row, column, start, end, columns } => {
                let days = [start, end, columns];
                format!("{:?}", self.cohort(question, &persons, [row, column], days))
            }
        }
        .replace(' ', "")
    }

    /// The events of those whom the question is about: type, person, day and first property.
    fn events<'a>(
        &'a self,
        question: &'a Question,
        persons: &'a [u32],
    ) -> impl Iterator<Item = (u8, usize, u32, u8)> + 'a {
        let columns = &self.columns;
        let all = self.places.iter().map(move |place| {
            let place = *place as usize;
            let user = columns.users[place];
            let day = u32::from(columns.days[place]);
            (columns.kinds[place], user, day, columns.ones[place])
        });
        all.filter(move |(_, user, _, _)| !question.paid_only || is_paid(*user))
            .map(|(kind, user, day, one)| (kind, persons[user as usize] as usize, day, one))
    }

    fn funnel(
        &self,
        question: &Question,
        persons: &[u32],
        steps: &[u8],
        [start, end, window]: [u32; 3],
    ) -> Vec<u64> {
        // Of each person, the steps reached and the day of the first.
        let mut walks = vec![(0, 0); persons.len()];
        let mut reached = vec![0; steps.len()];
        for (kind, person, day, one) in self.events(question, persons) {
            let (done, first) = &mut walks[person];
            if steps.get(*done) != Some(&kind) {
                continue;
            }
            let counts = if *done == 0 {
                (start..end).contains(&day) && question.one.is_none_or(|wanted| wanted == one)
            } else {
                day < *first + window
            };
            if counts {
                if *done == 0 {
                    *first = day;
                }
                reached[*done] += 1;
                *done += 1;
            }
        }
        reached
    }

    fn cohort(
        &self,
        question: &Question,
        persons: &[u32],
        [row, column]: [u8; 2],
        [start, end, columns]: [u32; 3],
    ) -> Vec<Vec<u64>> {
        // Of each person, a bit for each day with the row event and with the column event.
        let mut days = vec![(0_u64, 0_u64); persons.len()];
        for (kind, person, day, one) in self.events(question, persons) {
            let bit = day.checked_sub(start).and_then(|day| 1_u64.checked_shl(day)).unwrap_or(0);
            if kind == row && question.one.is_none_or(|wanted| wanted == one) {
                days[person].0 |= bit;
            }
            if kind == column {
                days[person].1 |= bit;
            }
        }
        let row_of = |day: u32| {
            let in_row = || days.iter().filter(move |(rows, _)| rows >> day & 1 == 1);
            let also = |after: u32| {
                in_row().filter(|(_, columns)| columns >> (day + after) & 1 == 1).count() as u64
            };
            let size = in_row().count() as u64;
            std::iter::once(size).chain((0..columns).map(also)).collect()
        };
        (0..end - start).map(row_of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::questions::{common, of_paid};
    use super::super::sets::SETS;
    use super::*;

    /// Events of (type, user, day, first property), in their order.
    fn model(events: &[(u8, u32, u16, u8)]) -> Model {
        let mut columns = Columns::default();
        for (rank, (kind, user, day, one)) in events.iter().enumerate() {
            columns.kinds.push(*kind);
            columns.users.push(*user);
            columns.days.push(*day);
            columns.ranks.push(rank as u32);
            columns.ones.push(*one);
        }
        Model::new(columns)
    }

    #[test]
    fn a_funnel_goes_on_with_the_next_later_event_within_the_window() {
        let events = [(1, 1, 0, 9), (0, 1, 0, 2), (1, 1, 29, 9), (2, 1, 30, 9), (0, 2, 29, 1)];
        let questions = common(&SETS[2]);
        let model = model(&events);
        assert_eq!(model.answer(&questions[0], &[]), "[1,1,0]");
        assert_eq!(model.answer(&questions[1], &[]), "[0,0,0]");
        assert_eq!(model.answer(&questions[4], &[]), "[2,0,0]");
    }

    #[test]
    fn users_of_a_group_are_one_person() {
        let model = model(&[(0, 1, 0, 1), (1, 2, 1, 1), (2, 3, 2, 1)]);
        let question = &common(&SETS[2])[0];
        assert_eq!(model.answer(question, &[]), "[1,0,0]");
        assert_eq!(model.answer(question, &[vec![3, 1, 2]]), "[1,1,1]");
    }

    #[test]
    fn a_cohort_counts_days_after_the_row() {
        let model = model(&[(0, 1, 0, 1), (0, 1, 0, 2), (2, 1, 0, 1), (2, 1, 6, 1), (2, 1, 7, 1)]);
        let answer = model.answer(&common(&SETS[2])[2], &[]);
        assert!(answer.starts_with("[[1,1,0,0,0,0,0,1],[0,0,0,0,0,0,0,0],"), "{answer}");
    }

    #[test]
    fn only_users_with_the_property_count_where_it_is_asked_for() {
        let paid = (1..).find(|user| is_paid(*user)).expect("one in ten");
        let other = (1..).find(|user| !is_paid(*user)).expect("nine in ten");
        let model = model(&[(0, paid, 0, 1), (0, other, 0, 1)]);
        assert_eq!(model.answer(&of_paid(&SETS[2]), &[]), "[1,0,0]");
    }
}
