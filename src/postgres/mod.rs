//! The PostgreSQL that this program finds, starts and looks after. Only this folder and backup start processes.

mod bundle;
mod disk;
mod find;
mod install;
pub mod memory;
mod paths;
pub mod run_as;
mod server;
mod settings;
mod supervise;

pub use disk::Disk;
pub use find::{Binaries, find, version};
pub use paths::{Paths, make_private};
pub use server::{Access, Embedded, attach, rotate_passwords};
pub use settings::cluster_major;
