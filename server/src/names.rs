//! The names that the panel writes into the cluster, in one place.

/// `metadata.managedFields[].manager` of all that the panel applies.
pub const FIELD_MANAGER: &str = "workshop-panel";

/// Label of every object that the panel makes: `app.kubernetes.io/part-of`.
pub const PART_OF_LABEL: &str = "app.kubernetes.io/part-of";
pub const PART_OF: &str = "autoscaling-workshop";

/// Label of a seat's Namespace and Secret; its value is the seat's number as the code shows it, `07`.
/// A Namespace with it is a workshop namespace; all others are ignored.
pub const SEAT_LABEL: &str = "autoscaling-workshop/seat";

/// Label of a seat's Namespace; its value is the namespace of the panel whose seat it is.
pub const PANEL_LABEL: &str = "autoscaling-workshop/panel";

/// Annotation of a seat's Namespace that was there before the seat and stays after it; its value is what it was given.
pub const ADOPTED_ANNOTATION: &str = "autoscaling-workshop/adopted";

/// Annotations of a run's record: whose run it is, and when its load was started and the record was written (RFC 3339).
pub const RUN_NAMESPACE_ANNOTATION: &str = "autoscaling-workshop/namespace";
pub const RUN_STARTED_ANNOTATION: &str = "autoscaling-workshop/started";
pub const RUN_UNTIL_ANNOTATION: &str = "autoscaling-workshop/until";

/// Annotation of a load's Job: how many pods the attendee guessed that it takes.
pub const GUESS_ANNOTATION: &str = "autoscaling-workshop/guess";

/// The account in each attendee's namespace that the panel acts as.
pub const ATTENDEE_ACCOUNT: &str = "attendee";

/// Label of the pods that `workshop prepull` makes; its value is the run's.
pub const PREPULL_LABEL: &str = "autoscaling-workshop/prepull";

/// The panel's own account, and its namespace where no other is given. The chart's Deployment runs as this account.
pub const PANEL_ACCOUNT: &str = "panel";
pub const PANEL_NAMESPACE: &str = "workshop";
