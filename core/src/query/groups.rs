//! Values of a property as small numbers, the same over all parts, for answers that are broken down.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use hashbrown::HashMap;

use super::source::Source;

use super::plan::{Breakdown, Of, invalid};
use crate::limits::BREAKDOWN_VALUES_MAX;
use crate::number::number_of;
use crate::part::{Codes, PartView, partition_point};
use crate::{Error, UserId};

/// A number for each distinct value.
pub type Group = u32;

/// The group of what has no value.
pub const NO_VALUE: Group = 0;

/// The values that groups stand for.
#[derive(Debug, Clone)]
pub struct Values<'a> {
    numbers: HashMap<&'a str, Group>,
    values: Vec<Option<&'a str>>,
}

impl Default for Values<'_> {
    fn default() -> Self {
        Self { numbers: HashMap::new(), values: vec![None] }
    }
}

impl<'a> Values<'a> {
    /// The group of a value.
    ///
    /// # Errors
    /// When there are too many.
    pub fn group(&mut self, value: &'a str) -> Result<Group, Error> {
        if let Some(number) = self.numbers.get(value) {
            return Ok(*number);
        }
        if self.values.len() >= BREAKDOWN_VALUES_MAX {
            let message = format!("has more than {BREAKDOWN_VALUES_MAX} values");
            return Err(invalid("/breakdown/property", message));
        }
        let number = self.values.len() as Group;
        self.numbers.insert(value, number);
        self.values.push(Some(value));
        Ok(number)
    }

    /// How many groups there are, that of no value among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none; there is always that of no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The value of a group.
    #[must_use]
    pub fn value(&self, group: Group) -> Option<&'a str> {
        self.values[group as usize]
    }
}

/// The groups of persons, by a property that is theirs.
#[derive(Debug, Clone, Default)]
pub struct UserGroups<'a> {
    /// What the groups stand for.
    pub values: Values<'a>,
    /// By canonical user; beyond its end there is no value.
    pub of: Vec<Group>,
}

/// How persons and events of an answer are told apart by group.
pub(super) struct Grouping<'a> {
    /// What the groups stand for.
    pub(super) values: Values<'a>,
    /// By canonical user, where the property is the person's.
    users: Option<&'a [Group]>,
    /// The property of events by which the answer is broken down, where it is theirs.
    pub(super) of_events: Option<&'a str>,
}

impl<'a> Grouping<'a> {
    /// For an answer that is broken down or not; `users` are the groups of persons, when it is by a property of theirs.
    pub(super) fn new(breakdown: Option<&'a Breakdown>, users: Option<&'a UserGroups<'a>>) -> Self {
        let of_events = breakdown.filter(|by| by.of == Of::Event);
        Self {
            values: users.map(|users| users.values.clone()).unwrap_or_default(),
            users: users.map(|users| users.of.as_slice()),
            of_events: of_events.map(|by| by.property.as_str()),
        }
    }

    /// The group of a person; `of_event` tells that of the event that counts.
    #[inline]
    pub(super) fn of(&self, user: UserId, of_event: impl FnOnce() -> Group) -> Group {
        match (self.users, self.of_events) {
            (Some(groups), _) => groups.get(user as usize).copied().unwrap_or(NO_VALUE),
            (None, Some(_)) => of_event(),
            (None, None) => NO_VALUE,
        }
    }
}

/// A group that is shown, or the others.
pub(super) struct Shown<'v> {
    pub(super) value: Option<&'v str>,
    pub(super) other: bool,
    /// The groups that it stands for, one but for the others.
    pub(super) groups: Vec<Group>,
}

/// The groups that are shown, of all with their sizes: those of the greatest sizes first, of equals in order of their
/// values, no value before any; all beyond the limit as one. One value is told apart in any case.
pub(super) fn shown<'v>(
    sizes: impl Iterator<Item = (Group, u64)>,
    values: &Values<'v>,
    limit: usize,
    always: Option<&str>,
) -> Vec<Shown<'v>> {
    let mut order: Vec<(Group, u64)> = sizes.filter(|(_, size)| *size > 0).collect();
    order.sort_by_key(|(group, size)| (u64::MAX - size, values.value(*group)));
    let is_always = |(group, _): &(Group, u64)| always.is_some() && values.value(*group) == always;
    if let Some(at) = order.iter().position(is_always).filter(|at| *at >= limit) {
        order[limit - 1..=at].rotate_right(1);
    }
    let others = order.split_off(limit.min(order.len()));
    let mut shown: Vec<_> = order
        .into_iter()
        .map(|(group, _)| Shown { value: values.value(group), other: false, groups: vec![group] })
        .collect();
    if !others.is_empty() {
        let groups = others.into_iter().map(|(group, _)| group).collect();
        shown.push(Shown { value: None, other: true, groups });
    }
    shown
}

/// The groups of a part's rows.
pub(super) struct GroupColumn<'a> {
    codes: Codes<'a>,
    /// By code.
    groups: Vec<Group>,
}

impl<'a> GroupColumn<'a> {
    /// Opens the column of a property; none when no row has it.
    pub(super) fn open(
        part: &PartView<'a>,
        key: &str,
        values: &mut Values<'a>,
    ) -> Result<Option<Self>, Error> {
        let Some(property) = part.property(key) else { return Ok(None) };
        let dictionary = part.dictionary(property)?;
        let mut groups = vec![NO_VALUE];
        for number in 0..dictionary.len() {
            groups.push(values.group(dictionary.get(number)?)?);
        }
        Ok(Some(Self { codes: part.codes(property)?, groups }))
    }

    /// The group of a row.
    pub(super) fn of(&self, row: u32) -> Group {
        self.of_code(self.codes.code(row))
    }

    /// Adds the groups of rows that follow one another.
    fn read(&self, rows: Range<u32>, groups: &mut Vec<Group>) {
        let from = groups.len();
        let Some((listed, present)) = &self.codes.rows else {
            return self.codes.codes.read(rows, |code| groups.push(self.of_code(code)));
        };
        groups.resize(from + rows.len(), NO_VALUE);
        let first = partition_point(0..*present, |at| (listed.get(at) as u32) < rows.start);
        let end = partition_point(first..*present, |at| (listed.get(at) as u32) < rows.end);
        let mut at = first;
        self.codes.codes.read(first..end, |code| {
            groups[from + (listed.get(at) as u32 - rows.start) as usize] = self.of_code(code);
            at += 1;
        });
    }

    fn of_code(&self, code: u32) -> Group {
        self.groups.get(code as usize).copied().unwrap_or(NO_VALUE)
    }
}

impl Source<'_> {
    /// Puts the groups of a block's rows where their places are.
    pub(super) fn groups_of_block(&self, block: u32, groups: &mut Vec<Group>) {
        groups.clear();
        for part in self.parts() {
            let rows = part.blocks.rows(block);
            match &part.groups {
                Some(column) => column.read(rows, groups),
                None => groups.resize(groups.len() + rows.len(), NO_VALUE),
            }
        }
    }
}

/// The numbers of a part's rows.
pub(super) struct NumberColumn<'a> {
    codes: Codes<'a>,
    /// By code; not a number where the value is not the text of one.
    numbers: Vec<f64>,
}

impl<'a> NumberColumn<'a> {
    /// Opens the column of a property; none when no row has it.
    pub(super) fn open(part: &PartView<'a>, key: &str) -> Result<Option<Self>, Error> {
        let Some(property) = part.property(key) else { return Ok(None) };
        let dictionary = part.dictionary(property)?;
        let mut numbers = vec![f64::NAN];
        for number in 0..dictionary.len() {
            numbers.push(number_of(dictionary.get(number)?).unwrap_or(f64::NAN));
        }
        Ok(Some(Self { codes: part.codes(property)?, numbers }))
    }

    /// The number of a row.
    pub(super) fn of(&self, row: u32) -> Option<f64> {
        let number = self.numbers.get(self.codes.code(row) as usize).copied();
        number.filter(|number| !number.is_nan())
    }
}
