//! Sign-ins by what came of them. Counted by `web/session.rs`.

use app::model::SignInError;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    outcome: &'static str,
}

/// Sign-ins by what came of them: all, also those for which the audit's budget has no line.
#[derive(Clone, Debug)]
pub struct SignIns {
    total: Family<Labels, Counter>,
}

impl SignIns {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let total = Family::<Labels, Counter>::default();
        registry.register("sign_ins", "Sign-ins by what came of them", total.clone());
        // There from the start, so that the first one is an increase.
        for outcome in [
            "done",
            "wrong_code",
            "too_many_wrong_codes",
            "cluster_unreachable",
        ] {
            let _ = total.get_or_create(&Labels { outcome });
        }
        Self { total }
    }

    /// Somebody is in.
    pub fn done(&self) {
        self.count("done");
    }

    /// Somebody is not.
    pub fn refused(&self, error: &SignInError) {
        self.count(match error {
            SignInError::UnknownCode => "wrong_code",
            SignInError::TooManyWrongCodes { .. } => "too_many_wrong_codes",
            SignInError::ClusterUnreachable => "cluster_unreachable",
            SignInError::NameNeeded | SignInError::NameTaken | SignInError::NameUnreadable => {
                "name"
            }
            SignInError::NoFreeSeat => "no_free_seat",
            SignInError::Ended { .. } => "ended",
            SignInError::SingleSignOn { .. } => "single_sign_on",
        });
    }

    fn count(&self, outcome: &'static str) {
        self.total.get_or_create(&Labels { outcome }).inc();
    }
}
