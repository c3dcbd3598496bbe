#include "app/verb_console.hpp"

#include "app/command_line.hpp"

namespace dha::app {

VerbConsole::VerbConsole(const boost::program_options::variables_map& values)
    : Console(stderr, is_quiet(values) ? Mode::kQuiet : Mode::kAutomatic), watch_(shown_on(*this)) {}

}  // namespace dha::app
