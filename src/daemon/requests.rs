//! Requests over the control socket. A request that changes something, or that shows more than the status,
//! goes to the policy as a command, and its verdict goes back to the client. Nothing is decided here.

use std::collections::HashMap;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use jiff::Timestamp;
use limen_audit::Recorder;
use limen_core::clock::Now;
use limen_core::event::{Caller, Fact, Mode};
use limen_core::person::{PersonId, printable};
use limen_core::policy::{
    Command, CommandId, Done, Event, Policy, RemoteCommand, RemoteRight, RequestId, Verdict,
};
use serde_json::{Value, json};

use super::codes::Codes;
use super::mode_keeper::ModeKeeper;
use super::policy_runner::PolicyRunner;
use super::status;
use super::threads::Threads;
use crate::control::{Answer, ClientRequest, Origin, Request, Right, no, yes};

/// The most characters of a request that are recorded.
const MAX_SHOWN: usize = 200;

/// The clients that wait for the verdicts on their commands.
#[derive(Default)]
pub(super) struct Requests {
    next: u64,
    clients: HashMap<CommandId, ClientRequest>,
}

impl Requests {
    /// The event of a client's command. Remembers the client under a number that is never used again, and the remote
    /// code that came with it in `codes`.
    pub fn commanded(&mut self, asked: ClientRequest, command: Command, codes: &mut Codes) -> Event {
        let (id, caller) = (CommandId(self.next), asked.caller);
        self.next += 1;
        let event = match &asked.origin {
            Origin::Local(_) => Event::Commanded { id, caller, command },
            Origin::Gateway(proof) => Event::RemoteCommanded(RemoteCommand {
                id,
                caller,
                command,
                given: proof.at_us.and_then(|us| Timestamp::from_microsecond(us).ok()),
                code: proof.code.as_deref().and_then(|text| codes.keep(text)),
            }),
        };
        self.clients.insert(id, asked);
        event
    }

    /// Answers the client with the policy's verdict, or carries out what the verdict allows. `keep_mode`: a
    /// commanded mode outlasts a restart, and the client is answered when it is on the disk.
    pub fn answer(
        &mut self,
        now: Now,
        (id, verdict): (CommandId, Verdict),
        runner: &mut PolicyRunner,
        threads: &Threads,
        keep_mode: bool,
    ) {
        let Some(asked) = self.clients.remove(&id) else { return };
        let answer = match verdict {
            Err(denial) => no(&denial.to_string()),
            Ok(Done::Locked) => yes(json!({ "state": "locked" })),
            Ok(Done::Unlocked(length)) => yes(json!({ "state": "unlocked", "seconds": length.as_secs() })),
            Ok(Done::Mode(mode)) => {
                return mode_changed(mode, asked, keep_mode.then_some(&threads.mode_keeper));
            }
            Ok(Done::Acknowledged) => {
                let silent = hears_of_duress(runner.policy(), &asked.origin);
                yes(json!({ "alarms": status::alarms(now, runner.policy(), silent) }))
            }
            Ok(Done::Serve) => return serve(now, asked, runner, threads),
        };
        reply(&asked.reply, answer);
    }
}

/// The command of a request; `None` if it only looks.
pub(super) fn command_of(asked: &ClientRequest) -> Option<Command> {
    Some(match &asked.request {
        Request::Status | Request::Alarms => return None,
        // Every client may lock; only an operator may end a fire release.
        Request::Lock => {
            let is_operator =
                |origin: &Origin| matches!(origin, Origin::Local(right) if *right >= Right::Operator);
            Command::Lock { ends_fire: is_operator(&asked.origin) }
        }
        Request::Unlock { seconds } => Command::Unlock(Duration::from_secs(*seconds)),
        Request::Mode { mode } => Command::Mode(*mode),
        Request::Acknowledge { alarm } => Command::Acknowledge(*alarm),
        served @ (Request::Reload
        | Request::Events
        | Request::Snapshot
        | Request::Forget { .. }
        | Request::Store { .. }) => Command::Serve(served.name()),
    })
}

/// Why a request that only looks is not answered, if it is not.
pub(super) fn may_not_look(policy: &Policy, origin: &Origin) -> Option<&'static str> {
    let is_allowed = matches!(origin, Origin::Local(_)) || policy.gateway_may(RemoteRight::Status);
    (!is_allowed).then_some("the gateway may not ask for the status; [control.gateway] may allows it")
}

/// A status as a client is told it: the gateway also hears what it may ask for.
pub(super) fn told(mut status: Value, policy: &Policy, origin: &Origin) -> Value {
    if matches!(origin, Origin::Gateway(_)) {
        if !policy.gateway_may(RemoteRight::Names) {
            // What is wrong with a part may name a person too.
            ["person", "trouble"].into_iter().for_each(|key| without_names(&mut status[key]));
        }
        let rights = RemoteRight::NAMES.into_iter().filter(|(_, right)| policy.gateway_may(*right));
        status["may"] = json!(rights.map(|(name, _)| name).collect::<Vec<_>>());
    }
    status
}

/// Takes a name away, or the words in a list of troubles.
fn without_names(value: &mut Value) {
    match value {
        Value::Array(all) => {
            all.iter_mut().filter_map(Value::as_object_mut).for_each(|one| drop(one.remove("what")))
        }
        value => *value = Value::Null,
    }
}

/// Whether a client is told of silent alarms.
pub(super) fn hears_of_duress(policy: &Policy, origin: &Origin) -> bool {
    matches!(origin, Origin::Local(_)) || policy.gateway_may(RemoteRight::Duress)
}

/// The event of a client whose request the server has refused.
pub(super) fn turned_away(caller: Option<Caller>, command: Option<&'static str>, why: &str) -> Event {
    let (command, why) = (command.unwrap_or("none"), printable(why, MAX_SHOWN));
    Event::TurnedAway { caller, command, why }
}

/// Answers a client, who may have left.
pub(super) fn reply(client: &SyncSender<Answer>, answer: Answer) {
    let _ = client.try_send(answer);
}

fn serve(now: Now, asked: ClientRequest, runner: &mut PolicyRunner, threads: &Threads) {
    let ClientRequest { request, caller, origin, reply } = asked;
    match request {
        Request::Reload => threads.worker.reload(Some(reply)),
        Request::Events => runner.effects.follow(reply, &origin),
        Request::Snapshot => {
            runner.effects.record(now, Fact::Snapshot { caller });
            threads.vision.request_snapshot(reply);
        }
        Request::Forget { id } => forget(&id, reply, runner.effects.recorder()),
        Request::Store { action } => threads.worker.change(action, caller, reply),
        Request::Status
        | Request::Alarms
        | Request::Lock
        | Request::Unlock { .. }
        | Request::Mode { .. }
        | Request::Acknowledge { .. } => {}
    }
}

/// A mode is in force. If the configuration keeps it, the client is answered when it is on the disk.
fn mode_changed(mode: Mode, asked: ClientRequest, keeper: Option<&ModeKeeper>) {
    let Request::Mode { mode: commanded } = asked.request else { return };
    let by = if commanded.is_some() { "command" } else { "schedule" };
    let answer = yes(json!({ "mode": mode, "by": by }));
    match keeper {
        Some(keeper) => keeper.keep(commanded, Some((asked.reply, answer))),
        None => reply(&asked.reply, answer),
    }
}

/// Removes a person from the records, and answers the client when that is done.
fn forget(id: &str, client: SyncSender<Answer>, recorder: &Recorder<RequestId>) {
    let id = match PersonId::new(id) {
        Ok(id) => id,
        Err(why) => return reply(&client, no(&format!("the id {why}"))),
    };
    recorder.forget(id, move |outcome| {
        let answer = match outcome {
            Ok(forgotten) => yes(json!({ "records": forgotten.records, "old": forgotten.old })),
            Err(error) => no(&error.to_string()),
        };
        reply(&client, answer);
    });
}
