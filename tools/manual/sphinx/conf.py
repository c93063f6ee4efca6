# SPDX-License-Identifier: BSD-2-Clause
# Sphinx's settings for the manual: Markdown in, pages that need no server and no network out.
import os

project = "libvmm"
author = "the libvmm project"
release = os.environ.get("LIBVMM_VERSION", "")
language = "en"

extensions = ["myst_parser"]
myst_heading_anchors = 4
suppress_warnings = ["misc.highlighting_failure"]  # code with parts left out (…)

html_theme = "furo"
html_title = "libvmm manual"
html_static_path = ["static"]
html_css_files = ["manual.css"]
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_use_index = False
pygments_style = "friendly"
pygments_dark_style = "native"
