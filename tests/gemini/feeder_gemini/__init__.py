"""Gemini for Feeder."""
