//! The process behind the page. `cluster/` reads, `workshop/` understands, `publish/` tells, `commands/` acts,
//! `seats/` knows people, `web/` answers.

pub mod cluster;
pub mod names;
pub mod publish;
pub mod workshop;
