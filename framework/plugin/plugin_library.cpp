#include "plugin/plugin_library.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/dll/library_info.hpp>
#include <boost/dll/shared_library.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "plugin/guarded_call.hpp"
#include "plugin/plugin_refusal.hpp"
#include "process/program_name.hpp"

namespace dha {

struct PluginLibrary::Handle {
  boost::dll::shared_library library;
};

namespace {

void check_magic(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw PluginRefusal(PluginState::kLoadFailed, fmt::format("cannot be read: {}", std::strerror(errno)));
  char magic[4] = {};
  stream.read(magic, sizeof magic);
  if (stream.gcount() != sizeof magic || std::memcmp(magic, "\177ELF", sizeof magic) != 0)
    throw PluginRefusal(PluginState::kNotAPlugin, "is not a shared library: it does not begin with an ELF header");
}

void check_exports(const std::filesystem::path& file) {
  const std::vector<std::string> symbols = exported_symbols(file);
  if (std::find(symbols.begin(), symbols.end(), DHA_ENTRY_SYMBOL) == symbols.end())
    throw PluginRefusal(PluginState::kNotAPlugin, "exports no " DHA_ENTRY_SYMBOL);
}

// What the dynamic linker said, out of Boost.DLL's "... failed (dlerror system message: TEXT): Bad file descriptor".
std::string linker_message(std::string_view text) {
  constexpr std::string_view kBefore = "dlerror system message: ";
  const size_t begin = text.find(kBefore);
  const size_t end = text.rfind("): ");
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return std::string(text);
  return std::string(text.substr(begin + kBefore.size(), end - begin - kBefore.size()));
}

// Exit status for a plugin that fails (design: command line).
constexpr int kPluginFailedStatus = 3;

// A terminate handler takes no argument.
const std::filesystem::path* file_being_opened = nullptr;

[[noreturn]] void end_process() {
  std::string text = "an exception that is not a std::exception";
  try {
    if (const std::exception_ptr thrown = std::current_exception()) std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    text = e.what();
  } catch (...) {
  }
  fmt::print(stderr,
             "dha: plugin {} throws while it is being loaded, which ends the program: {}; remove it or name it in "
             "DHA_DISABLED_PLUGINS ('{} plugins --probe' finds such plugins)\n",
             file_being_opened->string(), text, program_name());
  std::_Exit(kPluginFailedStatus);
}

// Names the file that is being opened, should that end the process.
class NamedTermination {
 public:
  explicit NamedTermination(const std::filesystem::path& file) : before_(std::set_terminate(end_process)) {
    file_being_opened = &file;
  }
  ~NamedTermination() { std::set_terminate(before_); }
  NamedTermination(const NamedTermination&) = delete;
  NamedTermination& operator=(const NamedTermination&) = delete;

 private:
  std::terminate_handler before_;
};

struct Opened {
  boost::dll::shared_library library;
  std::string refusal;  // what the dynamic linker said; empty where it opened the file
};

// An exception out of one of the file's static initialisers unwinds through the dynamic linker, which then keeps its
// lock and its half-opened file for good. Whether such an exception gets as far as a handler depends on how the
// compiler laid out the code around dlopen(): where it does not, std::terminate() is called. Either way the process
// ends.
Opened open(const std::filesystem::path& file) {
  using boost::dll::load_mode::type;
  // NODELETE for plugins that were linked without it. Lazy binding would find a missing symbol only at its first use.
  const type mode =
      boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local | static_cast<type>(RTLD_NODELETE);
  const NamedTermination named(file);
  try {
    return {boost::dll::shared_library(file, mode), ""};
  } catch (const std::system_error& e) {
    return {{}, linker_message(e.what())};
  } catch (...) {
    end_process();
  }
}

const dha_plugin* ask_for_descriptor(const boost::dll::shared_library& library) {
  const dha_plugin* (*entry)() = nullptr;
  try {
    entry = &library.get<const dha_plugin*()>(DHA_ENTRY_SYMBOL);
  } catch (const std::exception& e) {
    throw PluginRefusal(PluginState::kNotAPlugin, fmt::format("exports no " DHA_ENTRY_SYMBOL ": {}", e.what()));
  }
  try {
    return guarded_call("plugin", DHA_ENTRY_SYMBOL, entry);
  } catch (const Error& e) {
    throw PluginRefusal(PluginState::kInvalidDescriptor, e.what());
  }
}

}  // namespace

// Reads the file's symbol table. The dynamic linker itself is no judge of a file that is cut short: it maps what the
// header promises and the process dies by SIGBUS on the first page that is not there.
std::vector<std::string> exported_symbols(const std::filesystem::path& file) {
  check_magic(file);
  try {
    return boost::dll::library_info(file).symbols();
  } catch (const std::exception&) {
    throw PluginRefusal(PluginState::kLoadFailed, "is cut short, damaged or made for another machine");
  }
}

PluginLibrary::PluginLibrary(const std::filesystem::path& file) : file_(file) {
  check_exports(file);
  Opened opened = open(file);
  if (!opened.refusal.empty())
    throw PluginRefusal(PluginState::kLoadFailed, "the dynamic linker refused it: " + opened.refusal);
  handle_ = std::make_unique<Handle>(Handle{std::move(opened.library)});
  descriptor_ = ask_for_descriptor(handle_->library);
}

PluginLibrary::~PluginLibrary() = default;

std::filesystem::path PluginLibrary::accelerator_library() const {
  if (descriptor_->accelerator_library == nullptr) return {};
  std::error_code absent;
  return std::filesystem::canonical(file_.parent_path() / descriptor_->accelerator_library, absent);
}

}  // namespace dha
