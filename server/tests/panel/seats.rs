//! Seats made, changed and taken away, on the simulator: by an administrator, and by the panel's own account.

mod away;
mod cluster;
mod make;
mod rights;
