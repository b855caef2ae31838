//! Pending calls: proposed by code, and waiting for the user to approve or deny each by its number.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::{sync::watch, time::timeout};
use ts_rs::TS;

use super::{
    grants::Grants,
    listener_check::ListenerCheck,
    policy::{self, acts_in_own_container, kind_of},
    store::Unwritten,
};
use porthole_base::error::{Code, Error, Result};
use porthole_extension::{Content, Guest, ListeningProgram};
use porthole_process::{FixedCommand, Place};
use porthole_sdk::permission::{CallKind, Decision, Permission, Scope};
use porthole_sdk::{
    call::{CallId, Origin},
    sdk_call::Sdk,
    sdk_result::{self, Plan, PlannedAction},
};
use porthole_timeline::prompt::{self, Prompt, PromptAction};
use porthole_timeline::{
    Timeline, aside,
    inspect::{PlannedCall, ResolvedAction},
};

mod arrival;
mod state;

use arrival::Arrival;
use state::{Pending, State};

/// How long a call waits for those that were proposed before it, and are still being planned.
const PLANNED_WITHIN: Duration = Duration::from_secs(2);
/// How long a prompt must have been published before it can be approved.
const SHOWN_AT_LEAST: Duration = Duration::from_millis(500);

/// A call that code proposes, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Proposed {
    /// What the runtime makes of it.
    pub plan: Plan,
    /// Where it is.
    pub state: ProposedState,
}

/// The state of a proposed call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ProposedState {
    /// It was started, as the call with this number.
    Started {
        /// The call.
        id: CallId,
    },
    /// It waits for the user.
    Waiting {
        /// The number of the pending call.
        pending: u32,
    },
    /// It is not done; it is recorded as the call with this number.
    Refused {
        /// The call.
        id: CallId,
        /// Why, in the words that the code gets.
        error: Error,
    },
    /// The runtime itself does not do it; its plan says how the code learns of it.
    Rejected,
}

/// What became of a call that waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PendingEnd {
    /// It was started: the user approved it, or calls of its kind were allowed meanwhile.
    Started,
    /// It was recorded and not done.
    Refused,
    /// The code that made it ended first, and nothing was done.
    Withdrawn,
}

/// Decides about the calls of code. Nothing waits for the disk while it holds the state.
#[derive(Debug)]
pub struct Gate {
    timeline: Arc<Timeline>,
    state: Mutex<State>,
    /// Wakes those that wait for a decision.
    told: watch::Sender<()>,
}

impl Gate {
    /// One that remembers what is always allowed in this file.
    pub fn new(timeline: Arc<Timeline>, file: PathBuf) -> Self {
        Self { timeline, state: Mutex::new(State::new(Grants::read(file))), told: watch::Sender::new(()) }
    }

    /// Plans a call and starts it, refuses it, or lets it wait for the user.
    ///
    /// # Errors
    /// [`Code::TooManyPending`]; [`Code::BackendMissing`] and [`Code::BackendDown`] of a page that has no backend to
    /// talk to; [`Code::Cancelled`] when the page was left meanwhile; as for [`Timeline::planned`].
    pub async fn propose(&self, sdk: Sdk, guest: Guest) -> Result<Proposed> {
        let arrival = Arrival::new(self, guest.origin);
        let plan = sdk_result::plan(&sdk.asked, sdk.runtime, &guest.target);
        if matches!(plan.does, PlannedAction::Refuses { .. }) {
            return Ok(Proposed { plan, state: ProposedState::Rejected });
        }
        let Guest { origin, endpoint, container, engine, own, mock, .. } = guest;
        if acts_in_own_container(&sdk.asked) {
            container?;
        }
        let kind = kind_of(&sdk.asked, &plan, endpoint.as_ref().ok(), origin);
        let mut planned = match mock {
            Some(recordings) => Timeline::planned_in_mock(sdk, plan.does.clone(), endpoint?, recordings)?,
            None => Timeline::planned(sdk, plan.does.clone(), endpoint, engine)?,
        };
        planned.engines = policy::engines_for(kind, &planned.act, origin);
        self.look(origin).await?;
        let (permission, turn) = {
            let state = self.state();
            let permission = state.grants.permission(origin, kind);
            (if planned.in_mock { policy::in_mock(permission) } else { permission }, state.turn(origin))
        };
        let state = match permission {
            Permission::Allow => {
                ProposedState::Started { id: self.timeline.start(origin, planned, Some(Decision::Policy))? }
            }
            Permission::Record => self.refuse(origin, planned, Decision::Policy, policy::recorded_only(kind)),
            Permission::Ask => {
                self.state().has_room(origin)?;
                if let ResolvedAction::Command { command, fixed, .. } = &mut planned.act {
                    command.place.named()?;
                    if command.place == Place::Host {
                        let command = command.clone();
                        *fixed = Some(Arc::new(aside(move || Ok(FixedCommand::find(&command))).await?));
                    }
                }
                let described = aside(move || Ok((prompt::action(&planned, &own), planned)));
                let (action, planned) = described.await?;
                self.look(origin).await?;
                // A call that takes long to plan gets its prompt later.
                let _ = timeout(PLANNED_WITHIN, arrival.is_next(origin)).await;
                let number = arrival.number;
                ProposedState::Waiting { pending: self.wait(origin, kind, planned, (&plan, action), (turn, number))? }
            }
        };
        Ok(Proposed { plan, state })
    }

    fn wait(
        &self,
        origin: Origin,
        kind: CallKind,
        planned: PlannedCall,
        (plan, action): (&Plan, PromptAction),
        (turn, arrived): (u64, u64),
    ) -> Result<u32> {
        let mut state = self.state();
        state.has_room(origin)?;
        if state.turn(origin) != turn {
            return Err(withdrawn());
        }
        state.last += 1;
        let page = state.grants.page().filter(|_| origin == Origin::Page);
        let changed = if origin == Origin::Page { state.grants.changed() } else { Vec::new() };
        let (changed, changed_total) = prompt::changes(&changed);
        let prompt = Prompt {
            pending: state.last,
            origin,
            extension: page.map(|page| page.name.clone()),
            kind,
            called: planned.sdk.called.clone(),
            at: planned.sdk.at.clone(),
            action,
            rules: plan.rules.iter().map(|rule| rule.text.clone()).collect(),
            changed,
            changed_total,
            scopes: state.grants.scopes(origin, kind),
        };
        let pending = state.last;
        // The one that is shown stays where it is.
        let later = state.waiting.iter().skip(1).position(|other| other.arrived > arrived);
        let at = later.map_or(state.waiting.len(), |place| place + 1);
        state.waiting.insert(at, Pending { arrived, kind, planned, prompt });
        self.publish(&state);
        Ok(pending)
    }

    /// Checks the files of the open page, for its calls. Changes are not forgotten.
    async fn look(&self, origin: Origin) -> Result<()> {
        let page = self.state().watch();
        let Some(page) = page.filter(|_| origin == Origin::Page) else { return Ok(()) };
        aside(move || {
            page.look();
            Ok(())
        })
        .await
    }

    /// Waits until a pending call is decided, and tells how: once.
    ///
    /// # Errors
    /// [`Code::PendingNotFound`]; [`Code::Cancelled`] when it was withdrawn.
    pub async fn decision(&self, pending: u32) -> Result<ProposedState> {
        let mut told = self.told.subscribe();
        loop {
            {
                let mut state = self.state();
                if let Some(decided) = state.decided.remove(&pending) {
                    return decided;
                }
                if !state.deciding.contains(&pending) && state.place_of(pending).is_none() {
                    return Err(not_found(pending));
                }
            }
            if told.changed().await.is_err() {
                return Err(not_found(pending));
            }
        }
    }

    /// What became of a call that waited, once it is decided.
    ///
    /// # Errors
    /// [`Code::PendingNotFound`] while it waits for the user, and when it is long over.
    pub async fn pending_end(&self, pending: u32) -> Result<PendingEnd> {
        let mut told = self.told.subscribe();
        loop {
            {
                let state = self.state();
                if let Some(end) = state.ends.get(&pending) {
                    return Ok(*end);
                }
                if !state.deciding.contains(&pending) {
                    return Err(not_found(pending));
                }
            }
            if told.changed().await.is_err() {
                return Err(not_found(pending));
            }
        }
    }

    /// Approves the call in the prompt: exactly what was planned is started.
    ///
    /// # Errors
    /// [`Code::PendingNotFound`]; [`Code::PromptTooNew`] when it is not the one in the prompt, or has been there for less
    /// than half a second; [`Code::ScopeNotOffered`]; [`Code::ProgramChanged`], and then nothing was started;
    /// [`Code::SettingsFailed`] when it is started and can't be remembered.
    pub async fn approve(&self, pending: u32, scope: Scope) -> Result<()> {
        let (approved, turn) = {
            let mut state = self.state();
            let place = state.place_of(pending).ok_or_else(|| not_found(pending))?;
            let shown = self.timeline.prompted_for(pending).is_some_and(|shown| shown >= SHOWN_AT_LEAST);
            if place > 0 || !shown {
                return Err(
                    Error::new(Code::PromptTooNew, "The prompt has just appeared").hint("Read it, then decide.")
                );
            }
            let offered = state.waiting.front().is_some_and(|front| front.prompt.scopes.contains(&scope));
            if !offered {
                return Err(Error::new(Code::ScopeNotOffered, "The prompt doesn't offer this permission")
                    .hint("Use one of the prompt's buttons."));
            }
            let Some(approved) = state.waiting.pop_front() else { return Err(not_found(pending)) };
            state.deciding.insert(pending);
            state.approving = Some(pending);
            self.publish(&state);
            let turn = state.turn(approved.prompt.origin);
            (approved, turn)
        };
        let Pending { kind, planned, prompt: Prompt { origin, .. }, .. } = approved;
        let fixed = match &planned.act {
            ResolvedAction::Command { fixed, .. } => fixed.clone(),
            ResolvedAction::Request { .. } | ResolvedAction::Recorded { .. } => None,
        };
        let looked = self.look(origin).await;
        let verified = match fixed {
            Some(fixed) => looked.and(aside(move || fixed.verify()).await),
            None => looked,
        };
        let remembered = {
            let mut state = self.state();
            let allowed = (state.turn(origin) == turn).then_some(verified);
            allowed.map(|verified| verified.map(|()| state.grants.allow(origin, kind, scope)))
        };
        let remembered = match remembered {
            Some(Ok(remembered)) => remembered,
            Some(Err(error)) => {
                let refused = self.refuse(origin, planned, Decision::ProgramChanged, error.clone());
                self.decide(pending, Ok(refused));
                return Err(error);
            }
            None => {
                self.decide(pending, Err(withdrawn()));
                return Err(withdrawn());
            }
        };
        let started = self.timeline.start(origin, planned, Some(scope.into())).map(|id| ProposedState::Started { id });
        // First what this allows along with it: the next prompt is shown when this call is decided.
        self.permissions_changed(scope.into());
        self.decide(pending, started);
        write(remembered).await
    }

    /// Denies a pending call: it is recorded, and nothing is done.
    ///
    /// # Errors
    /// [`Code::PendingNotFound`].
    pub fn deny(&self, pending: u32) -> Result<()> {
        let denied = {
            let mut state = self.state();
            let place = state.place_of(pending).ok_or_else(|| not_found(pending))?;
            state.waiting.remove(place).ok_or_else(|| not_found(pending))?
        };
        let refused = self.refuse(denied.prompt.origin, denied.planned, Decision::Denied, policy::denied(denied.kind));
        self.decide(pending, Ok(refused));
        Ok(())
    }

    /// The code that waits is gone, and its pending calls with it. A call of it that is just being planned is not put
    /// before the user either.
    pub fn withdraw(&self, origin: Origin) {
        let mut state = self.state();
        match origin {
            Origin::Page => state.page += 1,
            _ => state.console += 1,
        }
        let (gone, stay): (Vec<_>, Vec<_>) =
            state.waiting.drain(..).partition(|pending| pending.prompt.origin == origin);
        state.waiting = stay.into();
        for pending in gone {
            state.put(pending.prompt.pending, Err(withdrawn()));
        }
        self.publish(&state);
        drop(state);
        self.told.send_replace(());
    }

    /// Another page is open from now on, or none.
    pub fn set_page(&self, page: Option<Content>) {
        self.withdraw(Origin::Page);
        let looking =
            page.as_ref().filter(|page| page.watch.is_served()).and_then(|page| ListenerCheck::at(&page.watch));
        let mut state = self.state();
        state.looking = looking;
        state.grants.set_page(page);
        self.publish(&state);
    }

    /// A frame is about to load the page of a development server, or has just got it. A program that listened only for
    /// that moment is seen here.
    pub fn page_loads(&self) {
        let watch = self.state().watch();
        if let Some(watch) = watch {
            watch.look_at_listeners();
        }
    }

    /// A development server was found, and this program listens there. The first one is remembered for its extension.
    ///
    /// # Errors
    /// [`Code::PageServerChanged`] when another one did before, and the user has not accepted this one.
    pub async fn know_server(&self, name: &str, port: u16, program: &ListeningProgram, accepted: bool) -> Result<()> {
        let (known, unwritten) = self.state().grants.know_server(name, program, accepted);
        if known {
            // The user is prompted again for what can't be remembered.
            let _ = write(unwritten).await;
            return Ok(());
        }
        let shown: Vec<String> = program.programs.iter().map(|path| path.display().to_string()).collect();
        Err(Error::new(Code::PageServerChanged, format!("A different program is listening on port {port}"))
            .detail(shown.join(", "))
            .hint("Load the page only if you started this program."))
    }

    /// Decides for the page that is open, for as long as its content is the same. What waits for that is decided too.
    ///
    /// # Errors
    /// [`Code::SettingsFailed`]: it holds for the session then.
    pub async fn set_permission(&self, kind: CallKind, permission: Permission) -> Result<()> {
        self.change_page(|grants| grants.set(kind, permission, true)).await
    }

    /// Forgets what was decided for the page that is open.
    ///
    /// # Errors
    /// [`Code::SettingsFailed`].
    pub async fn reset_permissions(&self) -> Result<()> {
        self.change_page(Grants::reset).await
    }

    /// Changes what the page that is open may do, if it still is the one that is open after its files were looked at.
    async fn change_page(&self, change: impl FnOnce(&mut Grants) -> Option<Unwritten>) -> Result<()> {
        let before = self.state().watch();
        self.look(Origin::Page).await?;
        let unwritten = {
            let mut state = self.state();
            match (before, state.watch()) {
                (Some(before), Some(now)) if Arc::ptr_eq(&before, &now) => change(&mut state.grants),
                (None, None) => None,
                _ => return Err(withdrawn()),
            }
        };
        self.permissions_changed(Decision::Policy);
        write(unwritten).await
    }

    /// The console asks again before it starts programs on this machine or writes to an engine.
    pub fn revoke_console(&self) {
        self.state().grants.revoke_console();
        self.permissions_changed(Decision::Policy);
    }

    /// Calls that wait and need no prompt any more are decided.
    pub(super) fn permissions_changed(&self, decision: Decision) {
        let decided: Vec<(Pending, Permission)> = {
            let mut state = self.state();
            let waiting = std::mem::take(&mut state.waiting);
            let mut decided = Vec::new();
            for pending in waiting {
                match state.grants.permission(pending.prompt.origin, pending.kind) {
                    Permission::Ask => state.waiting.push_back(pending),
                    permission => {
                        state.deciding.insert(pending.prompt.pending);
                        decided.push((pending, permission));
                    }
                }
            }
            self.publish(&state);
            decided
        };
        for (Pending { kind, planned, prompt: Prompt { pending, origin, .. }, .. }, permission) in decided {
            let outcome = if permission == Permission::Allow {
                self.timeline.start(origin, planned, Some(decision)).map(|id| ProposedState::Started { id })
            } else {
                Ok(self.refuse(origin, planned, decision, policy::recorded_only(kind)))
            };
            self.decide(pending, outcome);
        }
    }

    fn refuse(&self, origin: Origin, planned: PlannedCall, decision: Decision, error: Error) -> ProposedState {
        let id = self.timeline.record_skipped(origin, planned, decision, error.clone());
        ProposedState::Refused { id, error }
    }

    fn decide(&self, pending: u32, outcome: Result<ProposedState>) {
        let mut state = self.state();
        state.deciding.remove(&pending);
        state.approving.take_if(|approving| *approving == pending);
        state.put(pending, outcome);
        self.publish(&state);
        drop(state);
        self.told.send_replace(());
    }

    fn publish(&self, state: &State) {
        let next = state.waiting.front().filter(|_| state.approving.is_none());
        let prompt = next.map(|front| front.prompt.clone());
        self.timeline.set_prompt(prompt, state.waiting.len() as u32, state.grants.standing());
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes a change to the file, where waiting for it is allowed.
pub(super) async fn write(unwritten: Option<Unwritten>) -> Result<()> {
    match unwritten {
        Some(unwritten) => aside(move || unwritten.write()).await,
        None => Ok(()),
    }
}

fn not_found(pending: u32) -> Error {
    Error::new(Code::PendingNotFound, format!("Pending call {pending} not found"))
        .hint("It was already allowed or denied.")
}

fn withdrawn() -> Error {
    Error::new(Code::Cancelled, "Not run: the code that made the call ended before you decided")
}

// They start `sh`.
#[cfg(all(test, unix))]
#[path = "pending_tests.rs"]
mod tests;
