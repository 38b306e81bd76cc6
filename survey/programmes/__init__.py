"""Programmes and their projects, what these serve, kinds of support, funds and models; who needs which project."""
