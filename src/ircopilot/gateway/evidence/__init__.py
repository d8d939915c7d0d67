"""Evidence in several pieces: uploads that can be resumed (tus), and forms with several files."""
