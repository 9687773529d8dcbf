//! What one person does, from the first visit on.

use alloc::vec;
use alloc::vec::Vec;

use super::Settings;
use super::act::{Act, Id, Moment, What};
use super::people::{Person, WEEKDAYS, weekday};
use super::random::Random;
use super::trial::Trial;
use crate::DAY_MS;

const MINUTE: u32 = 60;
const WEEK: i64 = 7;
/// Days between two payments by the month.
const BILLING_DAYS: i64 = 30;
/// Sessions after which nobody looks at the plans for the first time.
const CURIOUS_SESSIONS: u32 = 4;

const PATHS: [(&str, u32); 6] = [
    ("/", 40),
    ("/features", 20),
    ("/pricing", 16),
    ("/templates", 9),
    ("/blog/planning", 9),
    ("/docs", 6),
];
const TEMPLATES: [(&str, u32); 4] =
    [("kanban", 40), ("roadmap", 25), ("sprint", 20), ("blank", 15)];
const ROLES: [(&str, u32); 3] = [("member", 70), ("admin", 12), ("guest", 18)];
const FORMATS: [(&str, u32); 3] = [("pdf", 50), ("csv", 38), ("png", 12)];
const ERRORS: [(&str, u32); 4] =
    [("timeout", 45), ("conflict", 30), ("not_found", 15), ("quota", 10)];
const PLANS: [(&str, u32); 3] = [("starter", 55), ("team", 35), ("business", 10)];
const REASONS: [(&str, u32); 4] =
    [("price", 42), ("missing_feature", 26), ("switched", 18), ("project_over", 14)];

/// A story that is being told.
struct Story<'s> {
    person: &'s Person,
    random: &'s mut Random,
    trial: &'s mut Trial,
    moments: &'s mut Vec<Moment>,
    end: i64,
    launch_day: i64,
    experiment_day: i64,
    /// Since when which plan, in order.
    plans: Vec<(i64, &'static str)>,
    sessions: u32,
    saw_plans: bool,
}

/// Tells what a person does, in any order.
pub(super) fn tell(
    settings: &Settings,
    person: &Person,
    trial: &mut Trial,
    moments: &mut Vec<Moment>,
) {
    let mut story = Story {
        person,
        random: &mut Random::of(!settings.seed, person.number),
        trial,
        moments,
        end: settings.end.ms(),
        launch_day: settings.launch_day(),
        experiment_day: settings.experiment_day(),
        plans: vec![(i64::MIN, "free")],
        sessions: 0,
        saw_plans: false,
    };
    if let Some(time) = story.visit() {
        story.join(time);
        let has_project = story.begin(time);
        story.add_device(time);
        story.stay(time, has_project);
    }
}

impl Story<'_> {
    /// Looks at the pages, perhaps on several days; when the sign-up is, if there is one.
    fn visit(&mut self) -> Option<i64> {
        let by_channel = match self.person.channel {
            "referral" => 400,
            "direct" => 340,
            "search" => 330,
            "social" => 190,
            _ => 160,
        };
        let on_phone = self.person.platform == "mobile";
        let signup = if on_phone { by_channel * 17 / 20 } else { by_channel };
        let mut time = self.person.time_on(self.person.first_day, self.random);
        for _ in 0..3 {
            time = self.look_around(Id::Visitor(0), self.person.platform, time);
            if self.person.is_power || self.random.chance(signup) {
                return Some(time);
            }
            if !self.random.chance(280) {
                return None;
            }
            let days = i64::from(self.random.within(1, 6));
            time = self.person.time_on(time / DAY_MS + days, self.random);
        }
        None
    }

    /// Opens some pages; when the last one is left.
    fn look_around(&mut self, id: Id, platform: &'static str, mut time: i64) -> i64 {
        for _ in 0..self.random.within(1, 4) {
            let path = self.random.pick(&PATHS);
            self.say(time, id, platform, What::Did(Act::PageView(path)));
            time = self.later(time, 8, 3 * MINUTE);
        }
        time
    }

    fn join(&mut self, time: i64) {
        self.say(time, Id::Visitor(0), self.person.platform, What::Join);
        self.note(time, What::Profile);
        self.note(time, What::Did(Act::Signup));
        self.start_session(time, self.person.platform);
    }

    /// The first project and those invited to it; whether there is one.
    fn begin(&mut self, signup: i64) -> bool {
        // On a phone the button is out of sight.
        let creates = match self.person.platform {
            "mobile" => 410,
            "tablet" => 720,
            _ => 860,
        };
        if !self.person.is_power && !self.random.chance(creates) {
            return false;
        }
        let mut time = self.soon(signup, 850, 20, 3);
        let has_templates = time / DAY_MS >= self.launch_day;
        let template = if has_templates { self.random.pick(&TEMPLATES) } else { "blank" };
        self.note(time, What::Did(Act::CreateProject(template)));
        if self.person.is_power || self.random.chance(540) {
            time = self.soon(time, 600, 30, 4);
            for _ in 0..self.random.within(1, 3) {
                let role = self.random.pick(&ROLES);
                self.note(time, What::Did(Act::InviteTeammate(role)));
                time = self.later(time, 10, MINUTE);
            }
        }
        true
    }

    /// Some sign in on a second device, where they were a visitor before.
    fn add_device(&mut self, signup: i64) {
        if self.random.chance(880) {
            return;
        }
        let day = signup / DAY_MS + i64::from(self.random.within(1, 10));
        let time = self.person.time_on(day, self.random);
        let time = self.look_around(Id::Visitor(1), "mobile", time);
        self.say(time, Id::Visitor(1), "mobile", What::Join);
        self.work(time, "mobile");
    }

    /// Week by week, until the person comes no more.
    fn stay(&mut self, signup: i64, has_project: bool) {
        let first_day = signup / DAY_MS + 1;
        for week in 0.. {
            let from = first_day + week * WEEK;
            if from * DAY_MS >= self.end || !self.comes(week, from, signup, has_project) {
                return;
            }
            let count = match () {
                () if self.person.is_power => self.random.within(8, 12),
                () if !has_project => 1,
                () => self.random.within(1, 4),
            };
            let mut times: Vec<i64> = (0..count)
                .map(|_| {
                    let day = self.day_of_week(from);
                    self.person.time_on(day, self.random)
                })
                .collect();
            times.sort_unstable();
            for time in times {
                let is_usual = self.random.chance(850);
                let platform = if is_usual { self.person.platform } else { "desktop" };
                self.work(time, platform);
            }
        }
    }

    /// Whether the person comes in a week after the sign-up, having come in the one before.
    fn comes(&mut self, week: i64, day: i64, signup: i64, has_project: bool) -> bool {
        let is_new = signup / DAY_MS >= self.launch_day;
        let pays = self.plan_at(day * DAY_MS) != "free";
        let comes = match week {
            _ if self.person.is_power => 1_000,
            _ if pays => 955,
            0 if !has_project => 250,
            _ if !has_project => 150,
            0 if is_new => 880,
            0 => 700,
            1 if is_new => 760,
            1 => 560,
            _ if is_new => 890,
            _ => 780,
        };
        self.random.chance(comes)
    }

    /// A day of the seven from one on, more likely one of work.
    fn day_of_week(&mut self, from: i64) -> i64 {
        let days = core::array::from_fn::<_, 7, _>(|at| {
            let day = from + at as i64;
            (day, WEEKDAYS[weekday(day)])
        });
        self.random.pick(&days)
    }

    /// A session.
    fn work(&mut self, time: i64, platform: &'static str) {
        let mut time = self.start_session(time, platform);
        let say = |story: &mut Self, time: &mut i64, act| {
            story.say(*time, Id::Account, platform, What::Did(act));
            *time = story.later(*time, 12, 4 * MINUTE);
        };
        say(self, &mut time, Act::OpenProject);
        let edits = if self.person.is_power { 18 } else { 7 };
        for _ in 0..self.random.within(1, edits) {
            say(self, &mut time, Act::EditTask);
            if self.random.chance(380) {
                let hours = self.random.within(1, 12) * self.random.within(1, 12);
                say(self, &mut time, Act::CompleteTask(hours));
            }
            if self.random.chance(160) {
                say(self, &mut time, Act::AddComment);
            }
        }
        if self.random.chance(45) {
            let code = self.random.pick(&ERRORS);
            say(self, &mut time, Act::Error(code));
        }
        if self.random.chance(90) {
            let format = self.random.pick(&FORMATS);
            say(self, &mut time, Act::ExportReport(format));
        }
        let is_curious = !self.saw_plans && self.sessions <= CURIOUS_SESSIONS;
        if is_curious && self.random.chance(420) {
            self.see_plans(time, platform);
        }
    }

    fn see_plans(&mut self, time: i64, platform: &'static str) {
        if time >= self.end {
            return;
        }
        self.saw_plans = true;
        let in_experiment = time / DAY_MS >= self.experiment_day;
        self.say(time, Id::Account, platform, What::Did(Act::ViewPlans { in_experiment }));
        let subscribes = if in_experiment {
            self.trial.converts(self.person.variant)
        } else {
            self.random.chance(190)
        };
        if subscribes {
            let yearly =
                if in_experiment && self.person.variant == "annual_first" { 600 } else { 300 };
            let billing = if self.random.chance(yearly) { "yearly" } else { "monthly" };
            self.subscribe(time, billing, in_experiment);
        }
    }

    fn subscribe(&mut self, seen: i64, billing: &'static str, in_experiment: bool) {
        let time = self.soon(seen, 650, 12, 4);
        let plan = self.random.pick(&PLANS);
        self.plans.push((time, plan));
        self.note(time, What::Did(Act::Subscribe { billing, in_experiment }));
        self.note(time, What::Profile);
        self.note(time, What::Did(Act::Payment { billing }));
        let mut time = time;
        while billing == "monthly" && time < self.end {
            time += BILLING_DAYS * DAY_MS;
            if self.random.chance(150) {
                let reason = self.random.pick(&REASONS);
                self.note(time, What::Did(Act::Cancel(reason)));
                time = self.later(time, 1, MINUTE);
                self.plans.push((time, "free"));
                self.note(time, What::Profile);
                return;
            }
            self.note(time, What::Did(Act::Payment { billing }));
        }
    }

    fn start_session(&mut self, time: i64, platform: &'static str) -> i64 {
        self.sessions += 1;
        self.say(time, Id::Account, platform, What::Did(Act::StartSession(self.sessions)));
        self.later(time, 3, 30)
    }

    /// Within so many minutes, or else on one of the next days.
    fn soon(&mut self, time: i64, at_once_per_mille: u32, minutes: u32, days: u32) -> i64 {
        if self.random.chance(at_once_per_mille) {
            return self.later(time, 30, minutes * MINUTE);
        }
        let day = time / DAY_MS + i64::from(self.random.within(1, days));
        self.person.time_on(day, self.random)
    }

    /// So many seconds later.
    fn later(&mut self, time: i64, least: u32, most: u32) -> i64 {
        time + i64::from(self.random.within(least, most)) * 1_000
    }

    /// Something that the account does on the person's own device.
    fn note(&mut self, time: i64, what: What) {
        self.say(time, Id::Account, self.person.platform, what);
    }

    fn say(&mut self, time: i64, id: Id, platform: &'static str, what: What) {
        if time < self.end {
            let (person, plan) = (self.person.number, self.plan_at(time));
            self.moments.push(Moment { time, person, id, platform, plan, what });
        }
    }

    fn plan_at(&self, time: i64) -> &'static str {
        let since = self.plans.iter().rev().find(|(since, _)| *since <= time);
        since.map_or("free", |(_, plan)| plan)
    }
}
