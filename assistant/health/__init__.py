"""What `assistant doctor` looks at beside the settings: the machine, its disk, clock and speed."""
