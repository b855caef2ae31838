//! The owner of a process group: the ID of one that is gone may be given to another program's, which must not be
//! signaled.

#[cfg(target_os = "linux")]
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

#[cfg(target_os = "linux")]
use super::host_pid::{self, Process};

/// How soon after it was last seen a group is taken for the same one, when none of the processes in it is known: the
/// system gives away all other ids before it comes to this one again.
#[cfg(target_os = "linux")]
const RECENT: Duration = Duration::from_secs(3);

/// A process group, and what was in it when it was last looked at.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Membership {
    /// The group's id, which is its leader's.
    pub id: i32,
    #[cfg(target_os = "linux")]
    leader: Option<Process>,
    #[cfg(target_os = "linux")]
    known: Vec<Process>,
    /// When it was last seen, on the clock of the process that looks.
    #[cfg(target_os = "linux")]
    #[serde(skip, default = "Instant::now")]
    seen: Instant,
    /// It was empty once. A group with its id is another one from then on.
    gone: bool,
}

/// What is in some groups at one moment.
pub struct Present {
    #[cfg(target_os = "linux")]
    processes: Vec<Process>,
}

impl Present {
    /// The processes of these groups at this moment.
    pub fn in_groups(ids: &[i32]) -> Self {
        #[cfg(not(target_os = "linux"))]
        let _ = ids;
        Self {
            #[cfg(target_os = "linux")]
            processes: host_pid::in_groups(ids),
        }
    }
}

impl Membership {
    /// The group that this process leads. It is its own until the leader has been waited for.
    pub fn led_by(id: i32) -> Self {
        #[cfg(target_os = "linux")]
        {
            let leader = host_pid::process(id);
            // Of a command that has ended already nothing is left, as a rule. What is, the next look finds: to look through
            // all processes of the machine takes longer than to run a small command.
            let gone = leader.is_none() && !super::group::exists(id);
            Self { id, leader, known: leader.into_iter().collect(), seen: Instant::now(), gone }
        }
        #[cfg(not(target_os = "linux"))]
        Self { id, gone: false }
    }

    /// Whether something is left in the group, and it is not another one with the same id.
    #[cfg(unix)]
    pub fn is_left(&mut self) -> bool {
        self.gone |= !super::group::exists(self.id);
        !self.gone && self.is_among(&Present::in_groups(&[self.id]))
    }

    /// The same, as the processes of that moment tell.
    #[cfg(target_os = "linux")]
    pub fn is_among(&mut self, present: &Present) -> bool {
        let is_same = |one: &Process, other: &Process| (one.pid, one.started) == (other.pid, other.started);
        let now: Vec<Process> = present.processes.iter().filter(|process| process.group == self.id).copied().collect();
        let other_leader = self
            .leader
            .is_some_and(|leader| now.iter().any(|process| process.pid == leader.pid && !is_same(process, &leader)));
        let is_known = now.iter().any(|process| self.known.iter().any(|known| is_same(process, known)));
        self.gone |= now.is_empty() || other_leader || !(is_known || self.seen.elapsed() < RECENT);
        if !self.gone {
            (self.known, self.seen) = (now, Instant::now());
        }
        !self.gone
    }

    /// The same. Which processes are in a group isn't known here.
    #[cfg(all(unix, not(target_os = "linux")))]
    pub fn is_among(&mut self, _: &Present) -> bool {
        self.gone |= !super::group::exists(self.id);
        !self.gone
    }

    /// A job object ends with its owner.
    #[cfg(not(unix))]
    pub fn is_among(&mut self, _: &Present) -> bool {
        false
    }
}

// Windows has jobs for this, and elsewhere no list of processes is read.
#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{
        os::unix::process::CommandExt,
        process::{Child, Command},
    };

    use super::*;

    fn leader() -> Child {
        Command::new("sleep").arg("600").process_group(0).spawn().unwrap()
    }

    fn end(mut child: Child) {
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn a_group_is_left_as_long_as_something_is_in_it() {
        let child = leader();
        let id = child.id() as i32;
        let mut membership = Membership::led_by(id);
        let second = Command::new("sleep").arg("600").process_group(id).spawn().unwrap();
        assert!(membership.is_left());
        end(child);
        assert!(membership.is_left(), "the second is in it");
        end(second);
        assert!(!membership.is_left());
    }

    #[test]
    fn a_group_whose_leader_has_ended_already_is_gone_only_when_nothing_is_in_it() {
        let child = leader();
        let id = child.id() as i32;
        let second = Command::new("sleep").arg("600").process_group(id).spawn().unwrap();
        end(child);
        let mut left = Membership::led_by(id);
        assert!(left.is_left(), "the second is in it");
        assert!(left.known.iter().any(|process| process.pid == second.id() as i32));
        end(second);
        assert!(Membership::led_by(id).gone);
        assert!(!left.is_left());
    }

    #[test]
    fn a_group_of_another_program_with_the_same_id_is_not_taken_for_the_one_that_is_gone() {
        let child = leader();
        let mut membership = Membership::led_by(child.id() as i32);
        membership.leader.as_mut().unwrap().started -= 1;
        membership.known[0].started -= 1;
        assert!(!membership.is_left(), "another process leads it");
        membership.leader = None;
        assert!(!membership.is_left(), "and it stays gone");
        end(child);
    }

    #[test]
    fn a_group_of_strangers_is_not_taken_for_one_that_was_seen_long_ago() {
        let child = leader();
        let mut membership = Membership::led_by(child.id() as i32);
        membership.leader = None;
        membership.known[0].started -= 1;
        let mut later = membership.clone();
        later.seen = Instant::now().checked_sub(RECENT).unwrap();
        assert!(membership.is_left(), "no id comes back that soon");
        assert!(!later.is_left());
        end(child);
    }
}
