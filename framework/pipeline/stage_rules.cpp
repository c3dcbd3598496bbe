#include "pipeline/stage_rules.hpp"

#include <algorithm>
#include <set>

#include "dha/nearest_name.hpp"
#include "pipeline/own_settings.hpp"

namespace dha {

namespace {

class StageRules {
 public:
  StageRules(const Node& stages, size_t index, ProblemList& problems)
      : stages_(stages.items),
        index_(index),
        stage_(stages.items[index]),
        pointer_("/stages/" + std::to_string(index)),
        problems_(problems) {}

  void check() {
    if (!stage_.is_object()) return;
    unique_name();
    const bool is_rooted = find_earlier();
    carried();
    picked();
    kept_settings();
    // Without the stage that it names, nobody knows what it lacks.
    if (is_rooted) components();
  }

 private:
  void unique_name() {
    const std::string name = stage_.text_of("name");
    for (size_t i = 0; i < index_; ++i)
      if (!name.empty() && stages_[i].text_of("name") == name)
        return report("/name", "is the name of /stages/" + std::to_string(i) + " too; names are unique in a file");
  }

  // Whether "from" is absent or names an earlier stage.
  bool find_earlier() {
    if (stage_.given("from") == nullptr) return true;
    const std::string from = stage_.text_of("from");
    std::vector<std::string> names;
    for (size_t i = 0; i < stages_.size(); ++i) {
      const std::string name = stages_[i].text_of("name");
      if (name == from && i < index_) earlier_ = &stages_[i];
      if (i < index_ && !name.empty()) names.push_back(name);
      if (earlier_ != nullptr) return true;
      if (name == from && i >= index_ && !from.empty()) {
        report("/from", "names stage '" + from + "', which does not come earlier; name a stage before this one");
        return false;
      }
    }
    if (!stage_.find("from")->is_text()) return false;
    const std::string near = nearest(from, names);
    report("/from",
           "names no earlier stage, found '" + from + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?"));
    return false;
  }

  void carried() {
    const Node* carry = stage_.given("carry");
    if (carry == nullptr) return;
    if (stage_.given("from") == nullptr) return report("/carry", "needs 'from', the stage to carry from");
    for (const Node& item : carry->items) carried_.insert(item.text());
    for (size_t i = 0; i < carry->items.size(); ++i)
      carried_item(carry->items[i].text(), "/carry/" + std::to_string(i));
  }

  void carried_item(const std::string& item, const std::string& pointer) {
    if (is_trials() && item != "architecture")
      return report(pointer, "cannot be '" + item +
                                 "' in a stage of trials, because the trial searcher selects the start of each trial; "
                                 "remove it, or write \"trials\": null to train one network in this stage");
    const bool is_afresh = item == "weights" || item == "searcher" || item == "momentum";
    if (carried_.contains("architecture") && is_afresh)
      return report(pointer, "cannot be '" + item + "' together with 'architecture', which starts from new weights");
    if (stage_.given("architecture") != nullptr && (item == "architecture" || item == "searcher"))
      return report(pointer, "cannot be '" + item + "' in a stage that gives an architecture; remove one of them");
    if (item == "momentum" && !carried_.contains("weights"))
      return report(pointer, "needs 'weights', because the momentum belongs to them; carry both or neither");
    if (earlier_ == nullptr) return;
    if (item == "weights" || item == "architecture") same_component(item, "space", pointer);
    if (item == "searcher" || item == "hyper") same_component(item, item, pointer);
    if (item == "momentum") same_component(item, "hyper", pointer);
    if (item == "augment") shared_augmenter(pointer);
  }

  // What is carried was made by a component, and only the same component can take it.
  void same_component(const std::string& item, const std::string& key, const std::string& pointer) {
    const Node* theirs = earlier_->given(key);
    const Node* own = stage_.given(key);
    if (theirs == nullptr)
      return report(pointer, "carries '" + item + "', but stage '" + stage_.text_of("from") + "' has no " + key);
    if (own == nullptr) return report(pointer, "carries '" + item + "', but this stage has no " + key);
    const std::string from_id = theirs->text_of("use"), own_id = own->text_of("use");
    if (from_id != own_id && !from_id.empty() && !own_id.empty())
      report(pointer, "carries '" + item + "' from '" + from_id + "', but the " + key + " of this stage is '" + own_id +
                          "'; use the same component or carry something else");
  }

  void shared_augmenter(const std::string& pointer) {
    const Node* theirs = earlier_->given("augment");
    if (theirs == nullptr || theirs->items.empty())
      return report(pointer, "carries 'augment', but stage '" + stage_.text_of("from") + "' has no augmenter");
    const Node* own = stage_.given("augment");
    std::set<std::string> ids;
    for (const Node& augmenter : theirs->items) ids.insert(augmenter.text_of("use"));
    const bool is_shared =
        own != nullptr && std::any_of(own->items.begin(), own->items.end(),
                                      [&](const Node& augmenter) { return ids.contains(augmenter.text_of("use")); });
    if (!is_shared)
      report(pointer, "carries 'augment', but this stage has no augmenter in common with stage '" +
                          stage_.text_of("from") + "'");
  }

  bool is_trials() const { return stage_.given("trials") != nullptr; }

  void picked() {
    const Node* pick = stage_.given("pick");
    if (pick == nullptr) return;
    if (stage_.given("from") == nullptr) return report("/pick", "needs 'from', the stage that has the outcomes");
    if (stage_.given("carry") == nullptr)
      return report("/pick", "needs 'carry', because nothing else of that stage's outcomes is used");
    if (is_trials() && pick->text() == "each")
      return report("/pick", "cannot be 'each' in a stage of trials; name one outcome by its number from 0");
    if (earlier_ == nullptr) return;
    const bool has_outcomes = earlier_->given("trials") != nullptr || earlier_->text_of("pick") == "each";
    if (!has_outcomes)
      report("/pick", "chooses among the outcomes of trials, but stage '" + stage_.text_of("from") +
                          "' trains one network only; remove it");
  }

  void kept_settings() {
    const Node* kept = stage_.given(kKeepSettingsKey);
    if (kept == nullptr) return;
    const std::string below = pointer_step(kKeepSettingsKey);
    if (!follows_trials(stages_, index_))
      return report(below, "needs 'from', a stage of trials, whose settings it is about; remove it");
    for (size_t i = 0; i < kept->items.size(); ++i) {
      const Node& item = kept->items[i];
      if (item.is_text() && !is_pointer_of_settings(item.text()))
        report(below + "/" + std::to_string(i), "is no parameter that trials may set, found " + item.scalar +
                                                    "; expected a JSON pointer below the stage such as "
                                                    "/hyper/learning_rate");
    }
  }

  void components() {
    for (const char* key : {"space", "hyper"})
      if (stage_.given(key) == nullptr)
        report("", std::string("lacks '") + key + "' (a component: {\"use\": id, ...})");
    const bool has_searcher = stage_.given("searcher") != nullptr;
    const bool has_architecture = stage_.given("architecture") != nullptr;
    const bool is_decided = carried_.contains("architecture");
    if (has_searcher && is_decided)
      report("/searcher", "has nothing to search for if 'architecture' is carried; remove one of them");
    if (has_architecture && has_searcher)
      report("/architecture", "cannot be combined with 'searcher'; keep one of them");
    if (!has_searcher && !is_trials() && !is_decided && !has_architecture)
      report("", "lacks 'searcher' or 'trials' (a component: {\"use\": id, ...}) or 'architecture'");
    for (const char* key : {"stop_when", "on_collapse"}) {
      if (stage_.given(key) == nullptr) continue;
      const std::string pointer = std::string("/") + key;
      if (is_trials())
        report(pointer, "cannot be combined with 'trials', because trials train no searcher; remove it");
      else if (!has_searcher)
        report(pointer, "waits for a searcher, which this stage lacks");
    }
  }

  void report(const std::string& below, const std::string& message) {
    problems_.report(location_of(stage_, below, false), pointer_ + below, message);
  }

  const std::vector<Node>& stages_;
  const size_t index_;
  const Node& stage_;
  const std::string pointer_;
  ProblemList& problems_;
  const Node* earlier_ = nullptr;
  std::set<std::string> carried_;
};

}  // namespace

void check_stages(const Node& stages, ProblemList& problems) {
  for (size_t i = 0; i < stages.items.size(); ++i) StageRules(stages, i, problems).check();
}

}  // namespace dha
