//! The executor node: events to work to commitment to reveal, surviving a restart
