"""The doctor: looks at a configuration and at a running site, and says what is wrong, and the mend."""
