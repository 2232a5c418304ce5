//! The seats' Secrets in the panel's namespace: every read and write of them but the watch. Used by the running panel
//! with its own account, and by `workshop seats` with the rights of the person at the keyboard.

use app::model::ClassPhase;
use futures::StreamExt;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client};
use tokio::sync::OnceCell;

use super::code::{Code, Opens, SeatNumber};
use super::key::{self, CodeKey};
use super::patch::SeatPatch;
use super::record::{ATTENDEE, CODE, INSTRUCTOR, NAME, NAMESPACE, ROLE, Seat};
use crate::call::Calls;
use crate::error::{Error, Result};
use crate::names::{PART_OF, PART_OF_LABEL, SEAT_LABEL};

/// Seats changed at the same time when all are.
const AT_ONCE: usize = 8;

/// The seats' Secrets, and the key of their codes.
pub struct SeatStore {
    client: Client,
    namespace: String,
    key: OnceCell<CodeKey>,
}

impl SeatStore {
    /// Secrets in the panel's `namespace`.
    pub fn new(client: Client, namespace: String) -> Self {
        Self {
            client,
            namespace,
            key: OnceCell::new(),
        }
    }

    pub(super) fn secrets(&self) -> Api<Secret> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    fn calls(&self) -> Calls<Secret> {
        Calls::new(self.secrets())
    }

    /// The key of the codes, read once.
    pub(super) async fn key(&self) -> Result<&CodeKey> {
        let read = || key::read(&self.client, &self.namespace);
        self.key.get_or_try_init(read).await
    }

    /// Makes the key of the codes if it is not there.
    ///
    /// # Errors
    /// As of each method here: a call that the API server refused or did not answer.
    pub async fn make_key(&self) -> Result<()> {
        let make = || key::make(&self.client, &self.namespace);
        self.key.get_or_try_init(make).await.map(|_| ())
    }

    /// A seat as the API server has it now.
    pub async fn get(&self, number: SeatNumber) -> Result<Option<Seat>> {
        let secret = self.calls().get(&number.secret_name()).await?;
        secret.as_ref().map(Seat::read).transpose()
    }

    /// All seats in the order of their numbers; the instructor's is the first.
    pub async fn list(&self) -> Result<Vec<Seat>> {
        let secrets = self.calls().list(Some(SEAT_LABEL)).await?;
        let seats: Result<Vec<_>> = secrets.iter().map(Seat::read).collect();
        let mut seats = seats?;
        seats.sort_by_key(|seat| seat.number);
        Ok(seats)
    }

    /// Makes a seat; `namespace` is `None` for the instructor's. Returns its code, or `None` if it was there already:
    /// then it keeps its code, which nobody can read back.
    pub async fn create(
        &self,
        number: SeatNumber,
        namespace: Option<&str>,
        name: Option<&str>,
    ) -> Result<Option<Code>> {
        let code = Code::random(Opens::Seat(number)).map_err(Error::Random)?;
        let mut secret = without_code(number, namespace, name);
        let hash = ByteString(self.key().await?.hash(&code));
        let data = secret.data.get_or_insert_default();
        data.insert(CODE.to_owned(), hash);
        let made = self
            .calls()
            .create_new(&number.secret_name(), &secret)
            .await?;
        Ok(made.then_some(code))
    }

    /// Gives a seat that an administrator made its first code; `None` if somebody else did so meanwhile.
    pub async fn give_first_code(&self, seat: &Seat) -> Result<Option<Code>> {
        let code = Code::random(Opens::Seat(seat.number)).map_err(Error::Random)?;
        let hash = self.key().await?.hash(&code);
        let patch = SeatPatch::default().code(&hash).only_if(seat);
        match self.patch(seat.number, patch).await {
            Ok(_) => Ok(Some(code)),
            Err(error) if error.is_conflict() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Changes a seat; returns it as it then is.
    pub(super) async fn patch(&self, number: SeatNumber, patch: SeatPatch) -> Result<Seat> {
        let name = number.secret_name();
        let secret = self.calls().merge(&name, &patch.into_json()).await?;
        Seat::read(&secret)
    }

    /// Gives a seat another code: sessions of the old one are over, and a revoked seat is open again.
    pub async fn renew(&self, number: SeatNumber) -> Result<(Seat, Code)> {
        let code = Code::random(Opens::Seat(number)).map_err(Error::Random)?;
        let patch = SeatPatch::default().code(&self.key().await?.hash(&code));
        Ok((self.patch(number, patch).await?, code))
    }

    /// Takes a seat's code away: its sessions are over, and nobody signs in until it is renewed.
    pub async fn revoke(&self, number: SeatNumber) -> Result<Seat> {
        self.patch(number, SeatPatch::default().revoke()).await
    }

    /// Names a seat's owner, or nobody.
    pub async fn rename(&self, number: SeatNumber, name: Option<&str>) -> Result<Seat> {
        self.patch(number, SeatPatch::default().name(name)).await
    }

    /// Ends all sessions of a seat.
    pub async fn sign_out(&self, number: SeatNumber) -> Result<Seat> {
        let round = getrandom::u64().map_err(Error::Random)?;
        let patch = SeatPatch::default().round(&format!("{round:016x}"));
        self.patch(number, patch).await
    }

    /// Ends all sessions of each of these seats. One that fails does not keep the others.
    pub(super) async fn sign_out_all(
        &self,
        numbers: impl IntoIterator<Item = SeatNumber>,
    ) -> Vec<Result<Seat>> {
        let calls = numbers.into_iter().map(|number| self.sign_out(number));
        // Boxed, as a stream of borrowed futures is not `Send` for every lifetime otherwise.
        let calls: Vec<_> = calls.map(Box::pin).collect();
        futures::stream::iter(calls)
            .buffer_unordered(AT_ONCE)
            .collect()
            .await
    }

    /// Moves the class to another phase.
    pub async fn set_class_phase(&self, phase: ClassPhase) -> Result<Seat> {
        let patch = SeatPatch::default().class_phase(phase);
        self.patch(SeatNumber::INSTRUCTOR, patch).await
    }

    /// Allows free seats to be taken with a code, and makes a new one.
    pub async fn open_free_seats(&self) -> Result<Code> {
        let code = Code::random(Opens::FreeSeat).map_err(Error::Random)?;
        let hash = self.key().await?.hash(&code);
        let patch = SeatPatch::default().class_code(Some(&hash));
        self.patch(SeatNumber::INSTRUCTOR, patch).await?;
        Ok(code)
    }

    /// Ends that free seats can be taken. Seats that were taken stay.
    pub async fn close_free_seats(&self) -> Result<()> {
        let patch = SeatPatch::default().class_code(None);
        self.patch(SeatNumber::INSTRUCTOR, patch).await.map(|_| ())
    }

    /// Removes a seat; its sessions are over. Returns whether it was there.
    pub async fn delete(&self, number: SeatNumber) -> Result<bool> {
        self.calls().delete(&number.secret_name()).await
    }
}

/// A seat's Secret before it has a code; `namespace` is `None` for the instructor's.
pub(super) fn without_code(
    number: SeatNumber,
    namespace: Option<&str>,
    name: Option<&str>,
) -> Secret {
    let role = match namespace {
        Some(_) => ATTENDEE,
        None => INSTRUCTOR,
    };
    let fields = [(ROLE, Some(role)), (NAMESPACE, namespace), (NAME, name)];
    let data = fields.into_iter().filter_map(|(key, value)| {
        let value = ByteString(value?.into());
        Some((key.to_owned(), value))
    });
    let labels = [
        (PART_OF_LABEL.to_owned(), PART_OF.to_owned()),
        (SEAT_LABEL.to_owned(), number.to_string()),
    ];
    let mut secret = Secret {
        type_: Some("Opaque".to_owned()),
        data: Some(data.collect()),
        ..Secret::default()
    };
    secret.metadata.name = Some(number.secret_name());
    secret.metadata.labels = Some(labels.into());
    secret
}
