"""The gateway: HTTP to the outside. Transport only: who calls, what is asked, one function, an answer."""
