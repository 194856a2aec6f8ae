mod command_line;
mod disk;
mod download;
mod embedded;
mod kills;
mod openapi;
mod shutdown;
mod tls;
