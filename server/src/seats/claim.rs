//! A free seat taken with the class's code and a name: for rooms where nobody printed cards. Off until the instructor
//! makes such a code.

use app::model::{Claimed, SignInError, TimeMs};

use super::patch::SeatPatch;
use super::record::Seat;
use super::sessions::{Opened, Refusal, SessionId};
use super::{Code, Opens, Person, PersonName, SeatNumber, Seats};
use crate::error::Error;

impl Seats {
    /// Gives `name` a free seat with a new code of its own: a card that somebody holds of it opens it no more.
    ///
    /// Who has a name's seat already is not let in by the name alone, or everybody could sit on everybody's seat.
    pub(super) async fn claim(
        &self,
        code: &Code,
        name: &str,
        now: TimeMs,
    ) -> Result<Opened, Refusal> {
        let key = self.inner.store.key().await?;
        let instructor = self.inner.known.get(SeatNumber::INSTRUCTOR);
        let instructor = instructor.filter(|seat| seat.class.opens(key, code));
        if instructor.is_none() {
            return Err(Refusal::WrongCode);
        }
        if name.is_empty() {
            return Err(Refusal::Told(SignInError::NameNeeded));
        }
        let name: PersonName = name
            .parse()
            .map_err(|_| Refusal::Told(SignInError::NameUnreadable))?;
        let seats = self.inner.known.all();
        let named = |seat: &Seat| {
            seat.name
                .as_deref()
                .is_some_and(|owner| name.is_like(owner))
        };
        if seats.iter().any(|seat| named(seat)) {
            return Err(Refusal::Told(SignInError::NameTaken));
        }
        let mut free: Vec<_> = seats.into_iter().filter(|seat| seat.is_free()).collect();
        // A class that claims all at once must not queue for the first seat.
        let first = random_below(free.len())?;
        free.rotate_left(first);
        for seat in free {
            self.admits(&seat)?;
            match self.take(&seat, &name, now).await {
                Ok(opened) => return Ok(opened),
                // Somebody was faster.
                Err(error) if error.is_conflict() || error.is_not_found() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refusal::Told(SignInError::NoFreeSeat))
    }

    async fn take(&self, seat: &Seat, name: &PersonName, now: TimeMs) -> Result<Opened, Error> {
        let code = Code::random(Opens::Seat(seat.number)).map_err(Error::Random)?;
        let hash = self.inner.store.key().await?.hash(&code);
        let id = SessionId::random()?;
        let record = seat.first_session(&hash, now);
        let patch = SeatPatch::default()
            .code(&hash)
            .name(Some(name.as_str()))
            .session(&id.hash(), &record)
            .only_if(seat);
        let mut opened = self.open_session(seat.number, patch, &id).await?;
        opened.claimed = match &opened.session.person {
            Person::Attendee { namespace } => Some(Claimed {
                namespace: namespace.clone(),
                code: code.to_string(),
            }),
            Person::Instructor => None,
        };
        Ok(opened)
    }
}

/// A random index; 0 where there is none.
fn random_below(count: usize) -> Result<usize, Error> {
    let random = getrandom::u32().map_err(Error::Random)?;
    Ok((random as usize).checked_rem(count).unwrap_or(0))
}
