//! Makes seats: namespace, account, rights, quota and code; and takes them away. Called by `workshop seats …` and by the
//! demo, with the rights of whoever runs them; the running panel makes none.

mod cards;
mod delete;
mod holding;
mod kubeconfig;
mod list;
mod numbers;
mod objects;
mod review;
mod rights;

use std::collections::BTreeMap;
use std::pin::pin;

use futures::StreamExt;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::api::{ApiResource, DynamicObject, GroupVersionKind};
use kube::{Api, Client};
use tokio_util::sync::CancellationToken;

use super::code::{Code, SeatNumber};
use super::key;
use super::name::PersonName;
use super::record::{Person, Seat};
use super::store::{SeatStore, without_code};
use crate::call::Calls;
use crate::cluster::{TooManySeats, Watching};
use crate::error::{Error, Result};
use crate::names::{PART_OF, PART_OF_LABEL};
use crate::workshop::manifests::Settings;

pub use cards::{Card, Cards};
pub use delete::{Deleted, Doomed, delete, doomed};
pub use kubeconfig::{ClusterAccess, SeatToken, file_name, kubeconfig, token};
pub use list::{BadList, read_names};
pub use numbers::{NoSeats, SeatRange, choose};
#[cfg(test)]
pub(crate) use objects::quota;
pub use review::{Planned, Verdict};
pub use rights::{PanelRules, apply_panel_rights, panel_objects, panel_rules};
pub(crate) use rights::{attendee_rules, read_rules};

/// Seats that are worked on at the same time.
pub const AT_ONCE: usize = 8;

/// Which seats.
#[derive(Clone, Debug)]
pub struct Options {
    /// Seats 1 to `count`, and the instructor's.
    pub count: u16,
    /// What the namespaces' names begin with; the seat's number follows.
    pub prefix: String,
    pub panel_namespace: String,
}

/// What a class may want beside.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    /// Who sits where. A seat that is not named here keeps its name.
    pub names: BTreeMap<SeatNumber, PersonName>,
    /// Secret of the panel's namespace that is copied into each seat's.
    pub image_pull_secret: Option<String>,
    /// Quota, LimitRange and pod security also for namespaces that were there before.
    pub quota_for_adopted: bool,
    /// Nothing but the seats' Secrets: an administrator makes the rest.
    pub secrets_only: bool,
    /// How the panel watches: what its Role in each seat's namespace allows.
    pub watching: Watching,
}

/// A seat as it was made, or found.
pub struct Provisioned {
    pub number: SeatNumber,
    /// `None` for the instructor.
    pub namespace: Option<String>,
    pub name: Option<String>,
    /// `None` if the seat was there already: it keeps its code, which nobody can read back.
    pub code: Option<Code>,
}

/// Makes the panel's namespace and all seats, the instructor's last; what is there is brought up to date.
///
/// # Errors
/// The first call that the API server refused. Running it again goes on from there.
pub async fn create(
    client: &Client,
    options: &Options,
    settings: &Settings,
    extras: Extras,
) -> Result<Vec<Provisioned>> {
    let maker = SeatMaker::look(client, options, settings, extras).await?;
    maker.begin().await?;
    let mut made = Ok(Vec::new());
    let stop = CancellationToken::new();
    let tell = |_, seat: Result<Provisioned>| match (&mut made, seat) {
        (Ok(seats), Ok(seat)) => seats.push(seat),
        (Ok(_), Err(error)) => {
            made = Err(error);
            stop.cancel();
        }
        (Err(_), _) => {}
    };
    maker.create(&stop, tell).await;
    made
}

/// Makes the seats of a class. Holds what was there when it looked.
pub struct SeatMaker {
    client: Client,
    options: Options,
    settings: Settings,
    extras: Extras,
    store: SeatStore,
    known: BTreeMap<SeatNumber, Seat>,
    pull_secret: Option<Secret>,
}

impl SeatMaker {
    /// Reads what is there and writes nothing.
    ///
    /// # Errors
    /// A call that the API server refused; the Secret to copy is not there or none for pulling images; more seats than a
    /// panel without cluster-wide rights can watch.
    pub async fn look(
        client: &Client,
        options: &Options,
        settings: &Settings,
        extras: Extras,
    ) -> Result<Self> {
        let panel = &options.panel_namespace;
        let store = SeatStore::new(client.clone(), panel.clone());
        let known = store.list().await?;
        if extras.watching == Watching::Namespaces {
            let others = known.iter().filter(|seat| seat.number.0 > options.count);
            TooManySeats::check(usize::from(options.count) + others.count())?;
        }
        let pull_secret = match &extras.image_pull_secret {
            Some(name) if !extras.secrets_only => Some(pull_secret(client, panel, name).await?),
            _ => None,
        };
        Ok(Self {
            client: client.clone(),
            options: options.clone(),
            settings: settings.clone(),
            extras,
            store,
            known: known.into_iter().map(|seat| (seat.number, seat)).collect(),
            pull_secret,
        })
    }

    /// Makes what all seats need: the panel's namespace and the key of the codes.
    ///
    /// # Errors
    /// Whoever runs this may not make seats; a call that the API server refused.
    pub async fn begin(&self) -> Result<()> {
        let panel = &self.options.panel_namespace;
        // Asked before anything is made: with the panel's own account everything would fail, seat by seat.
        let seats = self.numbers().chain([SeatNumber::INSTRUCTOR]);
        let there = seats.into_iter().all(|seat| self.known.contains_key(&seat));
        let verb = match self.extras.secrets_only && there {
            true => "patch",
            false => "create",
        };
        if !may_write_secrets(&self.client, verb, panel).await? {
            return Err(Error::NoRight {
                what: format!("{verb} Secrets in namespace {panel}"),
            });
        }
        if !self.extras.secrets_only {
            let namespace = self.panel_namespace();
            let (namespaces, name) = calls(&self.client, &namespace);
            // One that is there stays as it is: its labels are whose it is.
            if namespaces.get(&name).await?.is_none() {
                namespaces.create_new(&name, &namespace).await?;
            }
        }
        self.store.make_key().await
    }

    /// The panel's namespace as it is made if it is not there.
    pub fn panel_namespace(&self) -> DynamicObject {
        let resource = ApiResource::erase::<Namespace>(&());
        let mut namespace = DynamicObject::new(&self.options.panel_namespace, &resource);
        let label = (PART_OF_LABEL.to_owned(), PART_OF.to_owned());
        namespace.metadata.labels = Some([label].into());
        namespace
    }

    /// The attendees' seats.
    pub fn numbers(&self) -> impl Iterator<Item = SeatNumber> + use<> {
        (1..=self.options.count).map(SeatNumber)
    }

    /// The namespace of an attendee's seat.
    pub fn namespace(&self, number: SeatNumber) -> String {
        format!("{}{}", self.options.prefix, number.0)
    }

    /// Makes the seats and tells of each as soon as it is done, the instructor's last. `stop` ends it between two seats:
    /// a seat whose code exists is always told of.
    pub async fn create(
        &self,
        stop: &CancellationToken,
        mut tell: impl FnMut(SeatNumber, Result<Provisioned>),
    ) {
        let prepare = |number| async move { (number, self.prepare(number).await) };
        let prepared = futures::stream::iter(self.numbers().map(prepare));
        // Namespaces together, codes one by one: a seat whose code exists never waits for another seat.
        let mut prepared = pin!(prepared.buffered(AT_ONCE));
        while !stop.is_cancelled() {
            let next = stop.run_until_cancelled(prepared.next()).await;
            let Some(Some((number, prepared))) = next else {
                break;
            };
            let seat = match prepared {
                Ok(()) => self.seat(number, Some(self.namespace(number))).await,
                Err(error) => Err(error),
            };
            tell(number, seat);
        }
        if !stop.is_cancelled() {
            let number = SeatNumber::INSTRUCTOR;
            tell(number, self.seat(number, None).await);
        }
    }

    /// A seat's namespace with all that is in it.
    async fn prepare(&self, number: SeatNumber) -> Result<()> {
        self.check_known(number)?;
        if self.extras.secrets_only {
            return Ok(());
        }
        for object in self.objects(number).await? {
            apply(&self.client, &object).await?;
        }
        Ok(())
    }

    /// The objects of a seat's namespace as they shall be.
    ///
    /// # Errors
    /// The namespace is somebody else's seat, or the API server does not tell of it.
    pub async fn objects(&self, number: SeatNumber) -> Result<Vec<DynamicObject>> {
        let name = self.namespace(number);
        let namespaces = Calls::<Namespace>::new(Api::all(self.client.clone()));
        let found = namespaces.get(&name).await?;
        let claim = holding::claim(
            &name,
            found.as_ref(),
            number,
            &self.options.panel_namespace,
            self.extras.quota_for_adopted,
        )?;
        let wanted = objects::Wanted {
            number,
            namespace: &name,
            panel_namespace: &self.options.panel_namespace,
            claim,
            settings: &self.settings,
            read_rules: match self.extras.watching {
                Watching::Cluster => Vec::new(),
                Watching::Namespaces => read_rules()?,
            },
            pull_secret: self.pull_secret.as_ref(),
        };
        Ok(wanted.objects())
    }

    /// What an administrator makes so that somebody who may only change Secrets gives the codes: the Secret of the key and
    /// those of the seats that are not there yet, all without anything secret.
    pub fn secrets_without_codes(&self) -> Vec<DynamicObject> {
        let seats = self
            .numbers()
            .map(|seat| (seat, Some(self.namespace(seat))));
        let seats = seats.chain([(SeatNumber::INSTRUCTOR, None)]);
        let missing = seats.filter(|(seat, _)| !self.known.contains_key(seat));
        let secrets =
            missing.map(|(seat, namespace)| without_code(seat, namespace.as_deref(), None));
        let secrets = [key::without_key()].into_iter().chain(secrets);
        secrets
            .map(|secret| objects::secret(&secret, &self.options.panel_namespace))
            .collect()
    }

    /// A seat is one namespace for ever: who is signed in would otherwise sit in another one all at once.
    fn check_known(&self, number: SeatNumber) -> Result<()> {
        let namespace = self.namespace(number);
        match self.known.get(&number).map(|seat| &seat.person) {
            Some(Person::Attendee { namespace: theirs }) if *theirs != namespace => {
                Err(Error::TakeNamespace {
                    namespace,
                    seat: number.to_string(),
                    why: format!(
                        "that seat is namespace {theirs}; keep its --prefix, or delete it with \
                         `workshop seats delete {number}` first"
                    ),
                })
            }
            _ => Ok(()),
        }
    }

    /// The seat's Secret and with it its code.
    async fn seat(&self, number: SeatNumber, namespace: Option<String>) -> Result<Provisioned> {
        let name = self.extras.names.get(&number).map(PersonName::as_str);
        let mut known = self.known.get(&number).and_then(|seat| seat.name.clone());
        let code = match self.known.get(&number) {
            None => {
                let namespace = namespace.as_deref();
                self.store.create(number, namespace, name).await?
            }
            Some(seat) if seat.awaits_code() => self.store.give_first_code(seat).await?,
            Some(_) => None,
        };
        let created = code.is_some() && !self.known.contains_key(&number);
        if !created && name.is_some() && name != known.as_deref() {
            known = self.store.rename(number, name).await?.name;
        }
        Ok(Provisioned {
            number,
            namespace,
            name: name.map(str::to_owned).or(known),
            code,
        })
    }
}

/// The Secret to copy into each seat's namespace.
async fn pull_secret(client: &Client, namespace: &str, name: &str) -> Result<Secret> {
    let secrets = Calls::<Secret>::new(Api::namespaced(client.clone(), namespace));
    let unfit = |what| Error::ReadSecret {
        name: name.to_owned(),
        what,
    };
    let secret = secrets.get(name).await?;
    let secret = secret.ok_or_else(|| {
        unfit("it is not in the panel's namespace; make it there with `kubectl create secret docker-registry`")
    })?;
    if secret.type_.as_deref() != Some("kubernetes.io/dockerconfigjson") {
        return Err(unfit(
            "its type is not kubernetes.io/dockerconfigjson; make it with `kubectl create secret docker-registry`",
        ));
    }
    Ok(secret)
}

async fn may_write_secrets(client: &Client, verb: &str, namespace: &str) -> Result<bool> {
    let reviews = Calls::<SelfSubjectAccessReview>::new(Api::all(client.clone()));
    let review = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(ResourceAttributes {
                namespace: Some(namespace.to_owned()),
                resource: Some("secrets".to_owned()),
                verb: Some(verb.to_owned()),
                ..ResourceAttributes::default()
            }),
            ..SelfSubjectAccessReviewSpec::default()
        },
        ..SelfSubjectAccessReview::default()
    };
    let answer = reviews.create("", &review).await?;
    Ok(answer.status.is_some_and(|status| status.allowed))
}

/// Applies an object of any kind.
async fn apply(client: &Client, object: &DynamicObject) -> Result<()> {
    let (calls, name) = calls(client, object);
    calls.apply(&name, object, true).await.map(|_| ())
}

/// Calls on the kind of an object, and the object's name.
fn calls(client: &Client, object: &DynamicObject) -> (Calls<DynamicObject>, String) {
    let types = object.types.clone().unwrap_or_default();
    let (group, version) = types
        .api_version
        .split_once('/')
        .unwrap_or(("", &types.api_version));
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &types.kind));
    let api = match object.metadata.namespace.as_deref() {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    let name = object.metadata.name.clone().unwrap_or_default();
    (Calls::dynamic(api, &types.kind), name)
}
