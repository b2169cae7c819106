"""What only a browser can show; run by .ci/run, which installs Chromium."""
