//! What only `workshop demo` has: the instructor's faults. It holds the simulator's switches, and breaks seats by ordinary
//! requests to the simulated API, as an administrator beside the panel would. The panel knows the trait alone.

mod seat_faults;
mod sentinel;

use std::collections::BTreeMap;

use app::model::{FaultStates, SeatFault, Sentinel, Switch, SwitchState, SwitchValue};
use app::words::faults as words;
use app::workshop::Faults;
use async_trait::async_trait;
use simulator::faults::Setting;
use simulator::{Identity, Simulator};
use tokio::sync::Mutex;

use crate::error::{Error, chain};
use crate::workshop::manifests::Settings;
use seat_faults::{SeatFaults, Undo};

/// The faults of one simulated cluster, and of its seats.
pub struct SimulatedFaults {
    simulator: Simulator,
    seats: SeatFaults,
    /// Namespaces by the seat's number.
    namespaces: BTreeMap<String, String>,
    /// What was broken, by the seat's number. Held during a change: one after the other.
    broken: Mutex<BTreeMap<String, (Sentinel, Undo)>>,
}

impl SimulatedFaults {
    /// Of this cluster, with its seats' numbers and namespaces. `settings` are those that Deploy and Start load have.
    pub fn new(
        simulator: &Simulator,
        settings: Settings,
        seats: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        Self {
            simulator: simulator.clone(),
            seats: SeatFaults::new(simulator.client(Identity::admin()), settings),
            namespaces: seats.into_iter().collect(),
            broken: Mutex::default(),
        }
    }

    fn namespace(&self, seat: &str) -> app::Result<&str> {
        let namespace = self.namespaces.get(seat).map(String::as_str);
        namespace.ok_or(app::Error::NotFound)
    }

    fn state(&self, switch: Switch) -> SwitchState {
        let switched = simulated(switch);
        let on = self.simulator.faults().on();
        let on = on.iter().find(|setting| setting.switch() == switched);
        let value = switched.range().map(|range| SwitchValue {
            value: on
                .and_then(|setting| setting.value())
                .unwrap_or(range.usual),
            least: range.least,
            most: range.most,
            unit: range.unit.to_owned(),
        });
        SwitchState {
            switch,
            name: switched.name().to_owned(),
            on: on.is_some(),
            value,
        }
    }
}

#[async_trait]
impl Faults for SimulatedFaults {
    async fn states(&self) -> FaultStates {
        let broken = self.broken.lock().await;
        let seats = self.namespaces.iter().map(|(seat, namespace)| SeatFault {
            seat: seat.clone(),
            namespace: namespace.clone(),
            broken: broken.get(seat).map(|(sentinel, _)| *sentinel),
        });
        FaultStates {
            switches: Switch::ALL.map(|switch| self.state(switch)).into(),
            seats: seats.collect(),
        }
    }

    async fn set(&self, switch: Switch, on: bool, value: Option<i64>) -> app::Result<()> {
        let faults = self.simulator.faults();
        if !on {
            faults.turn_off(simulated(switch));
            return Ok(());
        }
        let setting = Setting::new(simulated(switch), value).map_err(|error| {
            let message = format!("{error}.");
            app::Error::Invalid { message }
        })?;
        faults.turn_on(setting);
        Ok(())
    }

    async fn break_seat(&self, seat: &str, sentinel: Sentinel) -> app::Result<()> {
        let namespace = self.namespace(seat)?;
        let mut broken = self.broken.lock().await;
        if broken.contains_key(seat) {
            return Err(conflict(words::mend_first(seat)));
        }
        let undo = self.seats.make(namespace, sentinel).await;
        let undo = undo.map_err(|error| refusal(&error))?;
        let undo = undo.ok_or_else(|| {
            conflict(match sentinel {
                Sentinel::LoadFails => words::load_is_on(seat),
                _ => words::deploy_first(seat),
            })
        })?;
        broken.insert(seat.to_owned(), (sentinel, undo));
        Ok(())
    }

    async fn mend_seat(&self, seat: &str) -> app::Result<()> {
        let namespace = self.namespace(seat)?;
        let mut broken = self.broken.lock().await;
        if let Some((_, undo)) = broken.get(seat) {
            let mended = self.seats.undo(namespace, undo).await;
            mended.map_err(|error| refusal(&error))?;
            broken.remove(seat);
        }
        Ok(())
    }

    /// The cluster first: seats are mended by requests to it.
    async fn end(&self) -> app::Result<()> {
        self.simulator.faults().heal();
        let seats: Vec<_> = self.broken.lock().await.keys().cloned().collect();
        for seat in seats {
            self.mend_seat(&seat).await?;
        }
        Ok(())
    }
}

fn conflict(message: String) -> app::Error {
    app::Error::Conflict { message }
}

/// The simulated API refused, most likely by a fault that is on.
fn refusal(error: &Error) -> app::Error {
    tracing::warn!(error = chain(error), "a seat could not be broken or mended");
    app::Error::Unavailable {
        message: words::no_answer(),
    }
}

/// The simulator's own switch.
fn simulated(switch: Switch) -> simulator::faults::Switch {
    use simulator::faults::Switch as Simulated;
    match switch {
        Switch::MetricsAbsent => Simulated::MetricsAbsent,
        Switch::MetricsUnavailable => Simulated::MetricsUnavailable,
        Switch::MetricsLate => Simulated::MetricsLate,
        Switch::KedaAbsent => Simulated::KedaAbsent,
        Switch::KedaOperatorAway => Simulated::KedaOperatorAway,
        Switch::ApiServerAway => Simulated::ApiServerAway,
        Switch::ApiServerSlow => Simulated::ApiServerSlow,
        Switch::ApiServerThrottles => Simulated::ApiServerThrottles,
        Switch::ApiServerFails => Simulated::ApiServerFails,
        Switch::WatchesCut => Simulated::WatchesCut,
        Switch::WatchesExpired => Simulated::WatchesExpired,
        Switch::ClockSkew => Simulated::ClockSkew,
        Switch::NodesCordoned => Simulated::NodesCordoned,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_and_command_line_know_the_same_switches_by_the_same_names() {
        let of_page = Switch::ALL.map(|switch| {
            let name = serde_json::to_value(switch).unwrap();
            (simulated(switch), name.as_str().unwrap().to_owned())
        });
        let of_simulator =
            simulator::faults::Switch::ALL.map(|switch| (switch, switch.name().to_owned()));
        assert_eq!(of_page, of_simulator);
    }
}
