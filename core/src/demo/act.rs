//! The words of a story: what may happen, under which id, and when.

/// Under which of a person's ids something happens.
#[derive(Clone, Copy)]
pub(super) enum Id {
    /// That of a visitor, on a device.
    Visitor(u32),
    Account,
}

/// What happens at a moment.
#[derive(Clone, Copy)]
pub(super) enum What {
    /// The visitor's id becomes one of the account's.
    Join,
    /// The account's properties are set.
    Profile,
    Did(Act),
}

/// What somebody did, as an event says it; the texts are values of properties.
#[derive(Clone, Copy)]
pub(super) enum Act {
    PageView(&'static str),
    Signup,
    CreateProject(&'static str),
    InviteTeammate(&'static str),
    StartSession(u32),
    OpenProject,
    EditTask,
    CompleteTask(u32),
    AddComment,
    ExportReport(&'static str),
    Error(&'static str),
    ViewPlans { in_experiment: bool },
    Subscribe { billing: &'static str, in_experiment: bool },
    Payment { billing: &'static str },
    Cancel(&'static str),
}

impl Act {
    pub(super) const fn event_type(self) -> &'static str {
        match self {
            Self::PageView(_) => "page_view",
            Self::Signup => "signup",
            Self::CreateProject(_) => "create_project",
            Self::InviteTeammate(_) => "invite_teammate",
            Self::StartSession(_) => "session_start",
            Self::OpenProject => "open_project",
            Self::EditTask => "edit_task",
            Self::CompleteTask(_) => "complete_task",
            Self::AddComment => "add_comment",
            Self::ExportReport(_) => "export_report",
            Self::Error(_) => "error",
            Self::ViewPlans { .. } => "view_plans",
            Self::Subscribe { .. } => "subscribe",
            Self::Payment { .. } => "payment",
            Self::Cancel(_) => "cancel_subscription",
        }
    }

    /// Whether the event says which variant its user was shown.
    pub(super) const fn is_in_experiment(self) -> bool {
        match self {
            Self::ViewPlans { in_experiment } | Self::Subscribe { in_experiment, .. } => {
                in_experiment
            }
            _ => false,
        }
    }
}

/// One thing that happens.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    /// In ms since 1970, a whole second.
    pub(super) time: i64,
    pub(super) person: u32,
    pub(super) id: Id,
    pub(super) platform: &'static str,
    pub(super) plan: &'static str,
    pub(super) what: What,
}

/// The price of a plan in cents, for the time between two payments.
pub(super) fn cents_of(plan: &str, billing: &str) -> u32 {
    let monthly = match plan {
        "starter" => 900,
        "team" => 2_900,
        _ => 9_900,
    };
    // Two months of a year are free.
    if billing == "yearly" { monthly * 10 } else { monthly }
}
