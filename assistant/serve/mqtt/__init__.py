"""State, commands, settings and metrics over an MQTT broker, for fleets and Home Assistant."""
