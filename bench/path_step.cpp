// The weight step of searchers that sample a path per step, compared with a plain training step of the network of that
// very path.
//
// usage: path_step [CHANNELS CELLS BATCH ROUNDS]
//
// A round: the searcher makes a step, then the network of the path that it drew is built and makes one. Each makes an
// unmeasured step before. The reference is the lean network of the path; paths of dha.manas on cells run all edges and
// are no architecture there, so that their reference is the supernet under gates of the same path that nothing learns.
// dha.manas also rates each path by a forward pass on validation images: "with its rating" compares that with the
// reference's step and forward pass.
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "joint_contender.hpp"
#include "process/freed_memory.hpp"
#include "search_contender.hpp"
#include "timing.hpp"

namespace {

using namespace dha;
using namespace dha::bench;
using Json = nlohmann::json;

constexpr int64_t kWarmUp = 3;

// ms of each round
struct Times {
  std::vector<double> own, reference, ratios;

  void add(double own_time, double reference_time) {
    own.push_back(own_time);
    reference.push_back(reference_time);
    ratios.push_back(own_time / reference_time);
  }
};

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

bool is_architecture(const std::vector<Choice>& choices, const Decisions& path) {
  for (size_t i = 0; i < choices.size(); ++i)
    if (static_cast<int64_t>(path[i].size()) != choices[i].keep) return false;
  return true;
}

std::string fixed_gates(const Decisions& path) {
  Json choices = Json::array();
  for (const std::vector<int64_t>& active : path)
    choices.push_back({{"active", active}, {"weights", std::vector<double>(active.size(), 1)}});
  return Json{{"use", "bench.fixed_gates"}, {"gates", {{"choices", choices}}}}.dump();
}

// What trains the path that `search` drew last.
SearchSetup reference_of(const SearchContender& search, SearchSetup setup) {
  const Space& space = search.parts().space();
  const Decisions path = search.path();
  if (is_architecture(space.choices(), path)) {
    setup.searcher.clear();
    setup.architecture = space.architecture(path);
  } else {
    setup.searcher = fixed_gates(path);
  }
  return setup;
}

void print(const std::string& name, const Times& times) {
  fmt::print("{:44} {:8.1f} ms, reference {:8.1f} ms, ratio of means {:.3f}, median of ratios {:.3f}\n", name,
             mean(times.own), mean(times.reference), mean(times.own) / mean(times.reference), median(times.ratios));
  std::fflush(stdout);
}

void compare(const PluginRegistry& registry, const SearchSetup& setup, int64_t rounds) {
  SearchContender search(registry, setup);
  Times steps, with_rating;
  for (int64_t round = -kWarmUp; round < rounds; ++round) {
    search.time();
    const double before = search.time_before_step();
    const double step = search.time();
    SearchContender reference(registry, reference_of(search, setup));
    reference.time();
    const double reference_step = reference.time();
    const double evaluation = reference.time_evaluation();
    if (round < 0) continue;
    steps.add(step, reference_step);
    with_rating.add(before + step, reference_step + evaluation);
  }
  const std::string searcher = Json::parse(setup.searcher).at("use"), space = Json::parse(setup.space).at("use");
  print(searcher + " on " + space, steps);
  if (searcher == "dha.manas") print("  with its rating", with_rating);
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  int64_t channels = 16, cells = 8, batch = 32, rounds = 15;
  if (argc == 5) {
    channels = std::stoll(argv[1]);
    cells = std::stoll(argv[2]);
    batch = std::stoll(argv[3]);
    rounds = std::max(1LL, std::stoll(argv[4]));
  }
  PluginRegistry registry;
  registry.load_directory(DHA_BENCH_PLUGIN_DIR, true);
  register_fixed_gates(registry);
  fmt::print(
      "path steps: cells of {} channels, {} cells; MobileNet of width 0.5; {} images of 32 px, {} threads, {} rounds\n",
      channels, cells, batch, at::get_num_threads(), rounds);
  const std::vector<Json> spaces{{{"use", "dha.cell"}, {"channels", channels}, {"cells", cells}},
                                 {{"use", "dha.mobilenet"}, {"width_multiplier", 0.5}}};
  // ProxylessNAS in its warm-up, whose steps draw as all others do and update no scores.
  for (const Json& space : spaces)
    for (const char* searcher : {"dha.enas", "dha.proxyless", "dha.manas"})
      compare(registry, {space.dump(), Json{{"use", searcher}}.dump(), "", batch, {}}, rounds);
  return 0;
}
