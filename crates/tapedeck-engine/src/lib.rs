//! The daemon of region local: main loop, store, executor and socket.
