//! The `agent-memory` program: see the library for the tour.

use std::process::ExitCode;

fn main() -> ExitCode {
    match agent_memory::cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let field = error
                .at_field()
                .map(|field| format!(" [{field}]"))
                .unwrap_or_default();
            agent_memory::log::complain(&format!("{}{field}", agent_memory::cli::explain(&error)));
            ExitCode::from(agent_memory::cli::exit_code(&error))
        }
    }
}
