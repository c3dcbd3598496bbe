// The gradient-based search of ProxylessNAS (Cai et al., ICLR 2019): weight steps train one sampled path, so that a
// search needs the time and memory of a single network.
//
// Every `architecture_interval` steps, after a warm-up on sampled paths alone, the scores alpha of all candidates learn
// from a validation batch: a path is drawn, and the gradient of the loss with respect to the binary gates passes the
// softmax (path.hpp). The gates of candidates outside the path are observed: the network computes their outputs within
// the backward pass, one at a time. A choice keeps the candidates with the largest scores; evaluations run them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dha/nas/adam.hpp"
#include "dha/nas/allowed_derivation.hpp"
#include "dha/nas/derive.hpp"
#include "dha/plugin.hpp"
#include "path.hpp"

namespace dha::proxyless {

class ProxylessSearcher : public Searcher {
 public:
  static Schema schema();
  ProxylessSearcher(const Params& params, Context& context);

  void attach(const Space& space, const Stage& stage) override;
  void before_step(SearchServices& services) override;
  Gates gates(const GateRequest& request) override;
  void end_stage(SearchServices& services) override;
  bool finished() const override { return finished_; }
  std::string architecture() const override;
  std::string report() const override;
  std::string constraint_handling() const override;
  std::vector<std::string> needs() const override;
  State state() const override;
  void restore(const State& state, RestoreReason reason) override;

  // For tests: double (candidates of all choices), on the CPU.
  const at::Tensor& scores() const { return scores_; }

 private:
  bool is_architecture_step(const Progress& progress) const;
  std::vector<Path> draw(Competition competition, at::Generator generator) const;
  Gates gates_of(const std::vector<Path>& paths, bool observes) const;
  at::Tensor gradient(const std::vector<Path>& paths, const GateGradients& gradients) const;
  void update(const std::vector<Path>& paths, const at::Tensor& gradient);
  std::vector<double> scores_of(size_t choice) const;  // -infinity for candidates that cannot be kept
  nas::Strengths all_scores() const;
  const Decisions& decisions() const;
  at::Tensor entropy() const;

  Context& context_;
  const int64_t interval_, warm_up_epochs_;
  const Competition competition_;
  const double initial_deviation_;
  const nas::NoneRule none_rule_;

  const Space* space_ = nullptr;
  std::optional<nas::AllowedDerivation> derivation_;
  nas::Strengths allowed_;        // 0, or -infinity for candidates that cannot be kept
  std::vector<int64_t> offsets_;  // of each choice in the scores
  at::Tensor scores_;             // alpha; on the CPU, where paths are drawn
  nas::Adam adam_;
  std::vector<Path> paths_;  // of the last weight step
  bool finished_ = false;
};

}  // namespace dha::proxyless
