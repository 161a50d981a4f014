// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A stack of LSTM layers with an affine output, for several sequences at once.

   What goes in at each step are K *hot* inputs (indices of one-hot columns:
   the last token, the place in the bar, ...; each counts as 127 steps of
   1/127) and D *dense* ones (int8, in steps of 1/127: style, density, ...)
   that hold for a whole phrase.  Layer 0 therefore reads columns of a table in
   place of a product for the hot inputs, and the dense product is done once.

   Layer 0's input columns: I = n_hot_inputs + n_dense.  All sums are whole
   numbers; the same bits come out on every machine and for every number of
   sequences in lock-step.  A row's scale says what one step of its sum is worth
   (the weight's own step / 127):  gate = bias + scale_in * sum_in + scale_hid *
   sum_hid (nn/lstm.h),  logit = bias + scale * sum.

   What a layer hands up, to the next one or to the output, is its hidden units;
   where the net is normed, these normalised (nn/norm.h), in steps of
   1/NORM_STEPS, which is what the scales of those that read them then count in.
   What a layer remembers is the same either way.
*/
#ifndef PERPETUO_NN_NET_H
#define PERPETUO_NN_NET_H

#include "base/status.h"
#include "nn/model.h"

#include <stdint.h>

#define NET_MAX_LAYERS 4U

/// A net's sizes and layers: views into a Model, which must outlive it
typedef struct Net Net;

/// The sizes of a net, as its model file states them
typedef struct {
  uint32_t n_hot_inputs; ///< Columns of layer 0 that hot indices choose from
  uint32_t n_hot;        ///< K, hot indices per step
  uint32_t n_dense;      ///< D, dense inputs
  uint32_t n_layers;     ///< 1 .. NET_MAX_LAYERS
  uint32_t n_hidden;     ///< H, units in every layer
  uint32_t n_out;        ///< V, outputs
  uint32_t is_normed;    ///< Whether what a layer hands up is normalised
} NetShape;

/// What N running sequences remember
typedef struct NetState NetState;

/**
   Find the layers of a net in `model`.

   Tensors: "lstm<l>.w_in" I8 (4H, I or H), "lstm<l>.w_in.scale" F32 (4H),
   "lstm<l>.w_hid" I8 (4H, H), "lstm<l>.w_hid.scale" F32 (4H), "lstm<l>.bias"
   F32 (4H), "out.w" I8 (V, H), "out.w.scale" F32 (V), "out.bias" F32 (V).
   Gates in the order input, forget, cell, output.  The shape is read from the
   metadata keys n_hot_inputs, n_hot, n_dense, n_layers, n_hidden, n_out, and
   is_normed (0 or 1), which may be missing and then is 0.

   @return STATUS_BAD_FILE when a tensor is missing, of another shape or not
   finite, or when a row could overflow; STATUS_NO_MEM.
   Thread: worker, tools.
*/
NODISCARD Status
net_new(const Model* model, Net** net, Trouble* trouble);

/// Free a net; null is allowed
void
net_free(Net* net);

/// Thread: any.
const NetShape*
net_shape(const Net* net);

/// Room for `n_sequences` sequences; null when there is no memory
NetState*
net_state_new(const Net* net, uint32_t n_sequences);

/// Null is allowed
void
net_state_free(NetState* state);

/// Forget everything: all sequences start anew, and run.  The dense inputs
/// still hold.
void
net_state_reset(NetState* state);

/// Let only the first `n` sequences run from now on, until a reset; at least 1
/// and not more than there are.  The others are left as they are.
void
net_state_keep(NetState* state, uint32_t n);

/// The number of sequences that run
uint32_t
net_state_n(const NetState* state);

/// Make sequence `i_to` of `to` remember what sequence `i_from` of `from` does,
/// which may be the same state.  The dense inputs of `to` stay.
void
net_state_copy(NetState*       to,
               uint32_t        i_to,
               const NetState* from,
               uint32_t        i_from);

/// Set the dense inputs of all sequences from now on; zeros until then.
/// @param dense (D).
void
net_condition(const Net* net, NetState* state, const int8_t* dense);

/**
   Advance every sequence that runs by one step.

   N is the number of those.
   @param hot (N, K) indices, each below n_hot_inputs.
   @param logits (N, V) what the output layer says.
   Thread: worker, tools.  Memory: none allocated.
*/
void
net_step(const Net* net, NetState* state, const uint16_t* hot, float* logits);

#endif // PERPETUO_NN_NET_H
