"""Workers: transport only. A message comes, one stage function of the pipeline is called, the message is acknowledged."""
