"""What crosses a process: messages, and the report's schema. Knows the domain alone."""
