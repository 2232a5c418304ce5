//! What the instructor does to seats while the class runs. It takes effect at once, running streams included.

use app::model::{ClassPhase, TimeMs};

use super::{Code, Person, SeatNumber, Seats};
use crate::error::{Error, Result};

/// A seat's new code. It has no `Debug`.
pub struct NewCode {
    pub seat: SeatNumber,
    pub namespace: String,
    pub name: Option<String>,
    pub code: Code,
}

impl Seats {
    /// Gives an attendee's seat another code; `None` if there is no such seat.
    ///
    /// # Errors
    /// The API server did not take it, here and below; then nothing has changed.
    pub async fn renew(&self, number: SeatNumber) -> Result<Option<NewCode>> {
        if !self.is_attendees(number) {
            return Ok(None);
        }
        let (seat, code) = match self.inner.store.renew(number).await {
            Ok(renewed) => renewed,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        let new = match &seat.person {
            Person::Attendee { namespace } => Some(NewCode {
                seat: number,
                namespace: namespace.clone(),
                name: seat.name.clone(),
                code,
            }),
            Person::Instructor => None,
        };
        self.inner.known.learn(seat);
        Ok(new)
    }

    /// Takes an attendee's seat away from whoever sits there; returns whether there is such a seat.
    ///
    /// # Errors
    /// As [`Seats::renew`].
    pub async fn revoke(&self, number: SeatNumber) -> Result<bool> {
        if !self.is_attendees(number) {
            return Ok(false);
        }
        self.taken(self.inner.store.revoke(number).await)
    }

    /// Ends all sessions of an attendee's seat; returns whether there is such a seat.
    ///
    /// # Errors
    /// As [`Seats::renew`].
    pub async fn sign_out_seat(&self, number: SeatNumber) -> Result<bool> {
        if !self.is_attendees(number) {
            return Ok(false);
        }
        self.taken(self.inner.store.sign_out(number).await)
    }

    /// Ends all attendees' sessions, those included that no watch has told yet; returns on how many seats there were any,
    /// as far as it is known here.
    ///
    /// # Errors
    /// The first failure. One seat that fails does not keep the others.
    pub async fn sign_out_all(&self, now: TimeMs) -> Result<u32> {
        let mut seats = self.inner.known.all();
        seats.retain(|seat| matches!(seat.person, Person::Attendee { .. }));
        let in_use = seats.iter().filter(|seat| seat.sessions(now) > 0).count();
        let numbers = seats.iter().map(|seat| seat.number);
        let results = self.inner.store.sign_out_all(numbers).await;
        let mut first = Ok(());
        for result in results {
            if let Err(error) = self.taken(result)
                && first.is_ok()
            {
                first = Err(error);
            }
        }
        first.map(|()| u32::try_from(in_use).unwrap_or(u32::MAX))
    }

    /// Moves the class to another phase.
    ///
    /// # Errors
    /// As [`Seats::renew`].
    pub async fn set_class_phase(&self, phase: ClassPhase) -> Result<()> {
        let seat = self.inner.store.set_class_phase(phase).await?;
        self.inner.known.learn(seat);
        Ok(())
    }

    /// The instructor's own seat is none that a page may change.
    fn is_attendees(&self, number: SeatNumber) -> bool {
        let seat = self.inner.known.get(number);
        seat.is_some_and(|seat| matches!(seat.person, Person::Attendee { .. }))
    }

    fn taken(&self, result: Result<super::Seat, Error>) -> Result<bool> {
        match result {
            Ok(seat) => {
                self.inner.known.learn(seat);
                Ok(true)
            }
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }
}
