"""The preview studio: a local web app that shows what every profession reads, while it is being written."""
